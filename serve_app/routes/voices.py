"""GET /v1/voices, /v2/voices, /v1/voices/{id} (ElevenLabs) and /v1/audio/voices (OpenAI's clients).

All come from the models' cards: no model is started.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from serve_app.http.json_response import json_response
from serve_app.models.registry import Registry
from serve_app.routes.dependencies import RegistryDep
from serve_app.speech.listed_voices import find_listed_voice, speech_cards
from wire.elevenlabs.voices import ListedVoice, Settings, VoiceList, VoicePage
from wire.errors import InvalidRequestError, NotFoundError, echo
from wire.languages import base_code

router = APIRouter()
root_router = APIRouter()

PAGE = 10
MOST_ON_A_PAGE = 100


@router.get("/voices")
@router.get("/audio/voices")
async def list_voices(registry: RegistryDep) -> Response:
    """List every voice of every speech model."""
    return json_response(VoiceList(voices=_list_all(registry)))


@router.get("/voices/settings/default")
async def default_settings() -> Response:
    """Return the default settings of every voice."""
    return json_response(Settings())


@router.get("/voices/{voice_id}")
async def retrieve_voice(voice_id: str, registry: RegistryDep) -> Response:
    """Return one voice by its id or an alias."""
    return json_response(_find(voice_id, registry))


@router.get("/voices/{voice_id}/settings")
async def voice_settings(voice_id: str, registry: RegistryDep) -> Response:
    """Return the settings of one voice."""
    return json_response(_find(voice_id, registry).settings)


@root_router.get("/v2/voices")
async def search_voices(
    registry: RegistryDep,
    next_page_token: str | None = None,
    page_size: Annotated[int, Query(ge=1, le=MOST_ON_A_PAGE)] = PAGE,
    search: str = "",
    gender: str | None = None,
    language: Annotated[list[str] | None, Query()] = None,
    voice_ids: Annotated[list[str] | None, Query()] = None,
) -> Response:
    """List the voices that match, page by page. ElevenLabs' other filters have no effect."""
    voices = [
        voice
        for voice in _list_all(registry)
        if search.lower() in f"{voice.voice_id} {voice.name} {' '.join(voice.aliases)}".lower()
        and (gender is None or voice.labels.get("gender") == gender)
        and (not language or any(_speaks(voice, tag) for tag in language))
        and (not voice_ids or voice.voice_id in voice_ids)
    ]
    return json_response(VoicePage.of(voices, _read_start(next_page_token), page_size))


def _find(voice_id: str, registry: Registry) -> ListedVoice:
    if (found := find_listed_voice(registry, voice_id)) is not None:
        return ListedVoice.of(*found)
    raise NotFoundError(f"No voice {echo(voice_id)}. GET /v1/voices lists all.", "voice_id")


def _list_all(registry: Registry) -> list[ListedVoice]:
    return [ListedVoice.of(card, voice) for card in speech_cards(registry) for voice in card.voices]


def _speaks(voice: ListedVoice, tag: str) -> bool:
    wanted = tag.lower()
    return any(
        wanted == own.locale or ("-" not in wanted and base_code(wanted) == base_code(own.language))
        for own in voice.verified_languages
    )


def _read_start(token: str | None) -> int:
    if not token:
        return 0
    if not token.isascii() or not token.isdigit() or len(token) > 6:
        raise InvalidRequestError(
            f"'next_page_token' must come from the page before, received {echo(token)}.",
            "next_page_token",
        )
    return int(token)
