"""One module per resource. A new one is imported and listed here."""

from serve_app.routes import (
    chat,
    completions,
    conversations,
    edits,
    embeddings,
    generated_images,
    health,
    images,
    messages,
    models,
    moderations,
    rerank,
    responses,
    score,
    speech,
    speech_to_text,
    text_to_speech,
    tokenize,
    transcriptions,
    voices,
)

ROUTERS = (
    chat.router,
    completions.router,
    edits.router,
    tokenize.router,
    responses.router,
    moderations.router,
    conversations.router,
    messages.router,
    embeddings.router,
    rerank.router,
    score.router,
    images.router,
    speech.router,
    text_to_speech.router,
    voices.router,
    transcriptions.router,
    speech_to_text.router,
    models.router,
)
"""Mounted twice: under ``/v1`` and at the root."""

ROOT_ROUTERS = (health.router, rerank.root_router, generated_images.router, voices.root_router)
"""Mounted at the root only."""
