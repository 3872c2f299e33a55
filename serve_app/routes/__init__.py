"""One module per resource. A new one is imported and listed here."""

from serve_app.routes import chat, completions, health, models, speech, tokenize, transcriptions

ROUTERS = (
    chat.router,
    completions.router,
    tokenize.router,
    speech.router,
    transcriptions.router,
    models.router,
)
"""Mounted twice: under ``/v1`` and at the root."""

ROOT_ROUTERS = (health.router,)
"""Mounted at the root only."""
