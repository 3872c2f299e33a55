"""Starting the server and what runs beside it."""
