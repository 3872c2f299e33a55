"""The speech engine on Coqui TTS."""
