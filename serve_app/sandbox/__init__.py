"""Runs code that nobody trusts: no network, no files but its own, and limits on all it can use."""
