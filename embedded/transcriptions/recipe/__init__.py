"""How the embedded transcription model is made."""
