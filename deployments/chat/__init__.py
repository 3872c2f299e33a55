"""Chat: completions, chat completions, tokenize and detokenize, on one engine."""
