"""OpenAI's Responses: turns, history, background."""
