"""Jina's reranking API."""
