"""The transcription engine on faster-whisper."""
