"""GGUF files: found, checked, and converted once into a directory that vLLM loads."""
