"""GET /v1/voices, /v2/voices, /v1/voices/{id} (ElevenLabs) and /v1/audio/voices (OpenAI's clients).

All from the models' cards: no model is woken.
"""

from typing import Annotated

from fastapi import APIRouter, Query

from serve_app.models.registry import Registry
from serve_app.routes.dependencies import RegistryDep
from wire.calls import Kind
from wire.card import ModelCard
from wire.elevenlabs.voices import ListedVoice, Settings, VoiceList, VoicePage
from wire.errors import InvalidRequestError, NotFoundError, echo
from wire.openai.speech import find_voice

router = APIRouter()
root_router = APIRouter()

PAGE = 10
MOST_ON_A_PAGE = 100


@router.get("/voices")
@router.get("/audio/voices")
async def list_voices(registry: RegistryDep) -> VoiceList:
    """List every voice of every speech model."""
    return VoiceList(voices=_listed(registry))


@router.get("/voices/settings/default")
async def default_settings() -> Settings:
    """Return what a voice has as long as nobody says otherwise."""
    return Settings()


@router.get("/voices/{voice_id}")
async def retrieve_voice(voice_id: str, registry: RegistryDep) -> ListedVoice:
    """Return one voice by its id or an alias."""
    for model in _speakers(registry):
        voice = find_voice(model, voice_id)
        if voice is not None:
            return ListedVoice.of(model, voice)
    raise NotFoundError(f"No voice {echo(voice_id)}. GET /v1/voices lists all.", "voice_id")


@router.get("/voices/{voice_id}/settings")
async def voice_settings(voice_id: str, registry: RegistryDep) -> Settings:
    """Return the settings of one voice."""
    return (await retrieve_voice(voice_id, registry)).settings


@root_router.get("/v2/voices")
async def search_voices(
    registry: RegistryDep,
    next_page_token: str | None = None,
    page_size: Annotated[int, Query(ge=1, le=MOST_ON_A_PAGE)] = PAGE,
    search: str = "",
    gender: str | None = None,
    language: Annotated[list[str] | None, Query()] = None,
    voice_ids: Annotated[list[str] | None, Query()] = None,
) -> VoicePage:
    """List the voices that fit, page by page. ElevenLabs' other filters filter nothing out."""
    found = [
        voice
        for voice in _listed(registry)
        if search.lower() in f"{voice.voice_id} {voice.name} {' '.join(voice.aliases)}".lower()
        and (gender is None or voice.labels.get("gender") == gender)
        and (not language or any(_speaks(voice, tag) for tag in language))
        and (not voice_ids or voice.voice_id in voice_ids)
    ]
    return VoicePage.of(found, _start(next_page_token), page_size)


def _speakers(registry: Registry) -> list[ModelCard]:
    return [model.card for model in registry.models if model.card.kind == Kind.SPEECH]


def _listed(registry: Registry) -> list[ListedVoice]:
    return [ListedVoice.of(card, voice) for card in _speakers(registry) for voice in card.voices]


def _speaks(voice: ListedVoice, tag: str) -> bool:
    return any(tag.lower() in (own.language, own.locale) for own in voice.verified_languages)


def _start(token: str | None) -> int:
    if not token:
        return 0
    if not token.isascii() or not token.isdigit() or len(token) > 6:
        raise InvalidRequestError(
            f"'next_page_token' must come from the page before, received {echo(token)}.",
            "next_page_token",
        )
    return int(token)
