"""The embedded chat model: a small Llama-shaped demonstration model and its recipe."""
