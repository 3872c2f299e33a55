"""Work of every kind, for Homeport over HTTP and for the bare library in a process."""
