"""Embeddings: texts and token ids to vectors."""
