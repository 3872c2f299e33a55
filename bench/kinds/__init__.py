"""Work of every kind, asked of Homeport over HTTP and of the library below it in a process."""
