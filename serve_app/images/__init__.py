"""How image models answer."""
