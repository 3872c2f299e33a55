"""What uses several models for one answer. Knows models by their operations, nothing of HTTP."""
