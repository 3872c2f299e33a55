"""Vector stores: indexing and search."""
