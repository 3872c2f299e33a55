"""The recipe of the adapter: the data that it generates, the training, and the scores."""
