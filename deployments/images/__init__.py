"""Images: generations, edits and variations, on one pipeline."""
