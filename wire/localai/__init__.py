"""Request types of LocalAI's own routes."""
