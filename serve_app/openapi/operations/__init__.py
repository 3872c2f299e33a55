"""The operation of every route. A new route is declared in the table of its kind."""

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
    "conversations": "Stored items, which responses continue.",
    "assistants": "A model with instructions, tools and files, under one id.",
    "threads": "Messages, and runs in which an assistant answers them with its tools.",
    "files": "Stored files, uploaded whole or in parts.",
    "vector stores": "Files that are searched by meaning, and LocalAI's stores of vectors.",
    "batches": "Many requests in a file, answered in the background.",
    "speech": "Audio from text.",
    "transcriptions": "Text from audio.",
    "embeddings": "Vectors of texts.",
    "images": "Images from text.",
    "rerank": "The relevance of documents to a query.",
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
