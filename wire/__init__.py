"""What the ingress and the model replicas share. No FastAPI, no Ray, no SQL, no I/O."""
