"""Chat that listens and speaks."""
