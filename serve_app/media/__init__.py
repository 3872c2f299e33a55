"""Files, pictures and recordings in requests and answers."""
