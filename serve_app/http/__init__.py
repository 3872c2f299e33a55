"""HTTP: middleware, bodies in and out."""
