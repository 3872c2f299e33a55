"""The index of vectors: which chunks of a store are nearest to a question."""
