"""The transcripts of spoken answers, so that a conversation can continue by their ids alone.

OpenAI's clients send an earlier answer back as ``{"role": "assistant", "audio": {"id": …}}``.
"""

from serve_app.storage.expiring import ExpiringFiles, expires_at
from serve_app.storage.files import FileStore

FOLDER = "spoken-answers"
PREFIX = "audio_"
TTL_S = 24 * 3600
"""A conversation that pauses for longer begins anew."""


class SpokenAnswers:
    """The transcripts of every ingress replica that shares the store."""

    def __init__(self, store: FileStore) -> None:
        self.files = ExpiringFiles(store, FOLDER, TTL_S)

    def new_id(self) -> tuple[str, int]:
        """Return the id of an answer, and the Unix time at which it expires."""
        key = self.files.new_key()
        return f"{PREFIX}{key}", expires_at(key)

    async def keep(self, owner: str, answer_id: str, transcript: str) -> None:
        """Store the transcript of an owner's answer."""
        await self.files.put(answer_id.removeprefix(PREFIX), f"{owner}\n{transcript}".encode())

    async def find(self, owner: str, answer_id: str) -> str | None:
        """Return a transcript; None when the owner has no answer of this id, or it has expired."""
        if not answer_id.startswith(PREFIX):
            return None
        file = await self.files.find(answer_id.removeprefix(PREFIX))
        theirs, _, transcript = file.data.decode().partition("\n") if file else ("", "", "")
        return transcript if file and theirs == owner else None
