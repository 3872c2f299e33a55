"""Transcriptions: speech to text, translation into English, and where speech is."""
