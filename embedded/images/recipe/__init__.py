"""How the embedded image model is made."""
