"""What keeps the event loop of a process responsive, and reports where it is not.

Used by the ingress and by model replicas. Imports nothing of ours but ``wire``.
"""
