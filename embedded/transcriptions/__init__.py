"""Our own transcription model."""
