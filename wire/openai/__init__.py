"""OpenAI's requests and objects, one module per resource."""
