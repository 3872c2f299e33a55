"""Finds who speaks: the model that has the voice and the language, or the next that it names."""

from dataclasses import dataclass

from serve_app.models.calls import Calls
from serve_app.models.discovery import ServedModel
from wire.errors import InvalidRequestError
from wire.openai.speech import VoiceReference, choose_voice


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice of a model, and the tag of the language; None: the voice's own."""

    model: ServedModel
    voice: str
    language: str | None = None


async def find_speaker(
    model: ServedModel,
    voice: str | VoiceReference | None,
    language: str | None,
    calls: Calls,
    *,
    voice_param: str = "voice",
    language_param: str = "language",
    may_fall_back: bool = True,
) -> Speaker:
    """Return the speaker of a request to ``model``.

    Raises:
        InvalidRequestError: neither the model nor its fallbacks have it; the error is the model's.
    """
    candidate: ServedModel | None = model
    tried: set[str] = set()
    first_error: InvalidRequestError | None = None
    while candidate is not None and candidate.id not in tried:
        tried.add(candidate.id)
        try:
            chosen = choose_voice(candidate.card, voice, language, voice_param, language_param)
        except InvalidRequestError as error:
            first_error = first_error or error
            candidate = await calls.fall_back(candidate) if may_fall_back else None
        else:
            calls.record.replace_model(model.id, candidate.id)
            return Speaker(candidate, *chosen)
    assert first_error is not None
    raise first_error
