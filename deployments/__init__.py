"""The model processes: one deployment per model, each with its engine."""
