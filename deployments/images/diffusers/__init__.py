"""The image engine on diffusers."""
