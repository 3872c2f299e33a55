"""How language models answer."""
