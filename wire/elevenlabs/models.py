"""ElevenLabs' list of models. Reference: https://elevenlabs.io/docs/api-reference/models/list."""

from wire.answers import Answer
from wire.card import ModelCard
from wire.languages import base_code, language_name


class ModelLanguage(Answer):
    """A language that a model speaks."""

    language_id: str
    name: str


class ModelRates(Answer):
    """Nothing is billed."""

    character_cost_multiplier: float = 0.0


class SpeechModel(Answer):
    """One model that speaks."""

    model_id: str
    name: str
    description: str
    can_do_text_to_speech: bool = True
    can_do_voice_conversion: bool = False
    can_be_finetuned: bool = False
    can_use_style: bool = False
    can_use_speaker_boost: bool = False
    serves_pro_voices: bool = False
    requires_alpha_access: bool = False
    token_cost_factor: float = 0.0
    concurrency_group: str = "standard"
    languages: list[ModelLanguage]
    model_rates: ModelRates = ModelRates()

    @classmethod
    def of(cls, card: ModelCard) -> "SpeechModel":
        """Return the entry of a speech model."""
        tags = dict.fromkeys(tag for voice in card.voices for tag in voice.languages)
        return cls(
            model_id=card.id,
            name=card.id,
            description=card.description,
            languages=[
                ModelLanguage(language_id=tag, name=language_name(base_code(tag)).capitalize())
                for tag in tags
            ],
        )
