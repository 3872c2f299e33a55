"""Loads all kinds for a long time, and finds what grows meanwhile."""
