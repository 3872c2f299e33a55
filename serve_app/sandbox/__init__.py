"""Runs untrusted code: without a network, with only its own files, and with limits."""
