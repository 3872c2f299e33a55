"""Reading of documents: what a file says, cut into parts. Runs in processes of its own."""
