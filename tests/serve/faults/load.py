"""A mixed load of every kind, whose clients note what became of each request."""

import threading
from collections.abc import Callable, Mapping
from time import monotonic

from tests.serve.faults.asking import (
    Client,
    Samples,
    ask_batch,
    ask_chat,
    ask_chat_stream,
    ask_embeddings,
    ask_files,
    ask_images,
    ask_messages,
    ask_messages_stream,
    ask_responses,
    ask_responses_stream,
    ask_run,
    ask_speech,
    ask_transcriptions,
)
from tests.support.outcomes import NotAnswered, Note, Outcome, classify_failures

Ask = Callable[[Client, Samples], None]

KINDS: Mapping[str, tuple[Ask, int]] = {
    "chat": (ask_chat, 4),
    "chat stream": (ask_chat_stream, 4),
    "responses": (ask_responses, 1),
    "responses stream": (ask_responses_stream, 1),
    "messages": (ask_messages, 1),
    "messages stream": (ask_messages_stream, 1),
    "embeddings": (ask_embeddings, 2),
    "images": (ask_images, 1),
    "speech": (ask_speech, 2),
    "transcriptions": (ask_transcriptions, 1),
    "files": (ask_files, 2),
    "run": (ask_run, 1),
    "batch": (ask_batch, 1),
}
"""Kind → how it is asked, and by how many clients: 22, who keep two cores busy."""
PAUSE_S = 0.05
PAUSE_AFTER_FAILURE_S = 0.5


class Load:
    """Clients at work until the end of the block. Each then finishes its last request."""

    def __init__(self, url: str, samples: Samples) -> None:
        self.notes: list[Note] = []
        self._url = url
        self._samples = samples
        self._enough = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(kind, ask), daemon=True)
            for kind, (ask, clients) in KINDS.items()
            for _ in range(clients)
        ]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        for thread in self._threads:
            thread.join()

    def _work(self, kind: str, ask: Ask) -> None:
        client = Client(self._url)
        pause_s = PAUSE_S
        while not self._enough.wait(pause_s):
            note = self._ask(kind, ask, client)
            self.notes.append(note)
            pause_s = PAUSE_S if note.outcome == Outcome.OK else PAUSE_AFTER_FAILURE_S
        client.close()

    def _ask(self, kind: str, ask: Ask, client: Client) -> Note:
        began = monotonic()
        try:
            with classify_failures():
                ask(client, self._samples)
        except NotAnswered as failure:
            return Note(kind, began, monotonic(), failure.outcome, failure.detail)
        return Note(kind, began, monotonic(), Outcome.OK)

    def last_failure(self, since: float) -> float:
        """Return when the last failure ended that began to be one since then, or ``since``."""
        return max(
            (note.ended for note in list(self.notes) if note.outcome != Outcome.OK),
            default=since,
        )

    def has_answered_every_kind(self, since: float) -> bool:
        """Return whether every kind had a request that began since then and was answered."""
        answered = {
            note.kind
            for note in list(self.notes)
            if note.outcome == Outcome.OK and note.began > since
        }
        return answered == set(KINDS)
