"""How rerank models score texts."""
