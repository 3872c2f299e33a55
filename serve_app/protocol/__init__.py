"""Wire types: pydantic only, one module per kind, no I/O. Shared by ingress and replicas."""
