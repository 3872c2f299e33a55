"""How transcriptions models answer."""
