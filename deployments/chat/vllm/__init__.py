"""The chat engine on vLLM."""
