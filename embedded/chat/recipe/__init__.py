"""The recipe that generates the data, trains the embedded chat model and measures it."""
