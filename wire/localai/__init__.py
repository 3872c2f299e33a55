"""Routes of LocalAI that no other dialect has."""
