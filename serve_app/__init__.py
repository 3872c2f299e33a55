"""Homeport's ingress process: routes, validation, authentication and composition. Imports no ML library."""

__version__ = "0.1.0"
