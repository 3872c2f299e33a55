"""The speech engine on espeak-ng."""
