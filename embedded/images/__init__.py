"""Homeport's embedded image model."""
