"""Assistants: what they are made of, and how their runs are done on the chat models."""
