"""What is declared for every route. A new route is declared in the table of its kind."""

from serve_app.openapi.operations import (
    assistants,
    audio,
    batches,
    chat,
    files,
    images,
    responses,
    server,
    vector_stores,
    vectors,
)

TAGS = {
    "chat": "Language models: OpenAI's chat completions, completions and responses, Anthropic's "
    "messages, moderations, tokens.",
    "conversations": "What was said, kept for responses.",
    "assistants": "A model with instructions, tools and files, under one id.",
    "threads": "What was said, and runs: an assistant answers, with its tools, step by step.",
    "files": "Files that are kept here, whole or in parts.",
    "vector stores": "Files that are searched by meaning, and LocalAI's stores of vectors.",
    "batches": "Many requests in a file, answered while nobody waits.",
    "speech": "Texts become audio.",
    "transcriptions": "Audio becomes text.",
    "embeddings": "Texts become vectors.",
    "images": "Texts become images.",
    "rerank": "How well documents fit a query.",
    "server": "Models and health.",
}

OPERATIONS = (
    *chat.OPERATIONS,
    *responses.OPERATIONS,
    *assistants.OPERATIONS,
    *files.OPERATIONS,
    *vector_stores.OPERATIONS,
    *batches.OPERATIONS,
    *audio.OPERATIONS,
    *vectors.OPERATIONS,
    *images.OPERATIONS,
    *server.OPERATIONS,
)
