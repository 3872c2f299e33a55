"""Words that a dot follows without ending a sentence, for whatever cuts a text into sentences."""

ABBREVIATION = (
    r"\b(?:[A-Za-z]|Mrs?|Ms|Dr|Prof|St|Jr|Sr|vs|etc|Nr|approx|Inc|Ltd|Co|Fig|e\.g|i\.e|z\.B|bzw|ca)"
)
"""A pattern of the word without its dot."""
