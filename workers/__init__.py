"""Work that may take long or never end, in processes that are ended with their client."""
