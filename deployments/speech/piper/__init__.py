"""The speech engine on Piper."""
