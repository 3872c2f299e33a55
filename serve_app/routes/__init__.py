"""One module per resource. A new one is imported and listed here."""

from functools import cache

from fastapi import APIRouter
from starlette.routing import BaseRoute

from serve_app.routes import (
    assistants,
    batches,
    chat,
    completions,
    conversations,
    edits,
    embeddings,
    files,
    generated_images,
    health,
    images,
    index,
    messages,
    models,
    moderations,
    openapi,
    rerank,
    responses,
    runs,
    score,
    speech,
    speech_to_text,
    stores,
    text_to_speech,
    threads,
    tokenize,
    transcriptions,
    uploads,
    vector_store_files,
    vector_stores,
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
    batches.router,
    assistants.router,
    runs.router,  # before threads: /threads/runs is no thread
    threads.router,
    messages.router,
    files.router,
    uploads.router,
    uploads.parts_router,
    vector_stores.router,
    vector_store_files.router,
    stores.router,
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

ROOT_ROUTERS = (
    index.router,
    health.router,
    openapi.router,
    rerank.root_router,
    generated_images.router,
    voices.root_router,
)
"""Mounted at the root only."""


@cache
def build_routes() -> tuple[BaseRoute, ...]:
    """Return the routes of every path. Built once per process: FastAPI takes 0.2 s to do it."""
    every = APIRouter()
    for router in ROUTERS:
        every.include_router(router, prefix="/v1")
        every.include_router(router, include_in_schema=False)
    for router in ROOT_ROUTERS:
        every.include_router(router)
    return tuple(every.routes)
