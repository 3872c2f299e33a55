"""The embedded rerank model: the one of embeddings, by cosine."""
