"""The ingress process: routes, validation, authentication, composition. Imports no ML library."""

__version__ = "0.1.0"
