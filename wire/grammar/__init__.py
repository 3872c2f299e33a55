"""Grammars that constrain an answer: read as LocalAI's users write them, written for the engine."""
