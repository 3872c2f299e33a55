"""Rerank: documents by their relevance to a query."""
