"""How speech models answer."""
