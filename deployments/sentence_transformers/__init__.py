"""What embeddings and rerank share of sentence-transformers."""
