"""The embedded embeddings model: MiniLM, from a package."""
