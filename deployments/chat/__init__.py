"""Chat: completions, chat completions, tokenize and detokenize, all on one language-model engine."""
