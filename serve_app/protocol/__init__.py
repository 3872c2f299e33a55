"""Wire types: pydantic only, one module per kind, no I/O. Shared by the ingress and the replicas."""
