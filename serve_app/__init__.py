"""The ingress process: routes, features, and how models are called. Imports no ML library."""

__version__ = "0.1.0"
