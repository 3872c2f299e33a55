"""Speech: text in, audio out."""
