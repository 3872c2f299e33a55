"""State that must outlive a process, and that every ingress replica shares."""
