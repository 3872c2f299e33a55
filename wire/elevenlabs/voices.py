"""Answer types of the voice list: ElevenLabs', with an ``id`` for OpenAI's clients."""

from collections.abc import Sequence

from wire.answers import Answer
from wire.card import ModelCard, Voice


class Settings(Answer):
    """Default settings of every voice."""

    stability: float = 0.5
    similarity_boost: float = 0.75
    style: float = 0.0
    use_speaker_boost: bool = True
    speed: float = 1.0


class Language(Answer):
    """A language that a voice speaks."""

    language: str
    locale: str
    model_id: str


class ListedVoice(Answer):
    """One voice of one model."""

    voice_id: str
    id: str
    name: str
    category: str = "premade"
    labels: dict[str, str]
    description: str
    aliases: list[str]
    settings: Settings = Settings()
    high_quality_base_model_ids: list[str]
    verified_languages: list[Language]

    @classmethod
    def of(cls, card: ModelCard, voice: Voice) -> "ListedVoice":
        """Return the list entry of a card's voice."""
        first = voice.languages[0] if voice.languages else ""
        labels = {
            "language": first,
            "gender": voice.gender or "",
            "model": card.id,
            "engine": card.backend,
        }
        return cls(
            voice_id=voice.id,
            id=voice.id,
            name=voice.name or voice.id,
            labels={name: value for name, value in labels.items() if value},
            description=card.description,
            aliases=list(voice.aliases),
            high_quality_base_model_ids=[card.id],
            verified_languages=[
                Language(language=tag.split("-")[0], locale=tag, model_id=card.id)
                for tag in voice.languages
            ],
        )


class VoiceList(Answer):
    """Answer of ``GET /v1/voices``."""

    voices: list[ListedVoice]


class VoicePage(VoiceList):
    """Answer of ``GET /v2/voices``."""

    has_more: bool
    total_count: int
    next_page_token: str | None = None

    @classmethod
    def of(cls, voices: Sequence[ListedVoice], start: int, size: int) -> "VoicePage":
        """Return the page that begins at ``start``."""
        end = start + size
        return cls(
            voices=list(voices[start:end]),
            has_more=end < len(voices),
            total_count=len(voices),
            next_page_token=str(end) if end < len(voices) else None,
        )
