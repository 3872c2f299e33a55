"""What answers look like on the wire: types that only the OpenAPI document is made of."""
