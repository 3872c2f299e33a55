"""How embeddings models answer."""
