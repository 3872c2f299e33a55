"""Alembic's scripts: how the tables became what ``tables.py`` says."""
