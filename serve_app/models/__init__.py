"""How the ingress finds and calls models."""
