"""Side-by-side measurements: every kind through the whole server, against its bare library."""
