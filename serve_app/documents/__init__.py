"""Extraction of text from files, and its chunking, in processes of its own."""
