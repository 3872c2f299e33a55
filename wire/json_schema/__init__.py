"""JSON Schemas of requests: what of them is enforced, and the schema that the compiler receives."""
