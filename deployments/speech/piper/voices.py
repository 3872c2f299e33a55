"""The voices of Piper's files, for the model card; loads no library."""

from collections.abc import Sequence
from dataclasses import dataclass

from deployments.speech.piper.files import VoiceFile, find_voice_files
from deployments.speech.voices import SpeechVoice
from wire.errors import ModelLoadError, echo


@dataclass(frozen=True, slots=True)
class PiperSpeaker:
    """A voice of the card, with the file and the speaker in it that speak for it."""

    voice: SpeechVoice
    file: VoiceFile
    speaker_id: int | None
    """None in a file with one speaker."""


def resolve_speakers(model: str, named: Sequence[SpeechVoice]) -> list[PiperSpeaker]:
    """Return the voices that the operator names; without any, every speaker of every file.

    Raises:
        ModelLoadError: there is no such file or speaker.
    """
    files = find_voice_files(model)
    if named:
        return [_resolve(voice, files) for voice in named]
    return [each for file in files for each in _all_speakers(file, is_only=len(files) == 1)]


def _all_speakers(file: VoiceFile, *, is_only: bool) -> list[PiperSpeaker]:
    if file.settings.num_speakers == 1:
        voice = SpeechVoice(id=file.name, aliases=_short_names(file), languages=(file.language,))
        return [PiperSpeaker(voice, file, None)]
    speakers = _speaker_ids(file)
    first = file.settings.default_speaker_id
    prefix = "" if is_only else f"{file.name}/"
    return [
        PiperSpeaker(SpeechVoice(id=f"{prefix}{name}", languages=(file.language,)), file, number)
        for name, number in sorted(speakers.items(), key=lambda item: (item[1] != first, item[1]))
    ]


def _short_names(file: VoiceFile) -> tuple[str, ...]:
    """Return ``joe`` for ``en_US-joe-medium``."""
    parts = file.name.split("-")
    return (parts[1],) if len(parts) == 3 else ()


def _speaker_ids(file: VoiceFile) -> dict[str, int]:
    settings = file.settings
    return settings.speaker_id_map or {str(n): n for n in range(settings.num_speakers)}


def _resolve(voice: SpeechVoice, files: Sequence[VoiceFile]) -> PiperSpeaker:
    """Return who speaks for a voice, by a file's name, a speaker's, or ``file/speaker``."""
    if voice.reference_audio:
        raise ModelLoadError(f"voices: {voice.id!r}: Piper cannot clone a voice.")
    wanted = voice.speaker or voice.id
    found = {name: each for file in files for name, each in _list_names(voice, file)}
    if wanted not in found:
        known = ", ".join(list(found)[:20])
        raise ModelLoadError(f"voices: the model has no speaker {echo(wanted)}, only {known}.")
    return found[wanted]


def _list_names(voice: SpeechVoice, file: VoiceFile) -> list[tuple[str, PiperSpeaker]]:
    tagged = voice if voice.languages else voice.model_copy(update={"languages": (file.language,)})
    if file.settings.num_speakers == 1:
        speaker = PiperSpeaker(tagged, file, None)
        return [(name, speaker) for name in (file.name, *_short_names(file))]
    return [
        (name, PiperSpeaker(tagged, file, number))
        for speaker, number in _speaker_ids(file).items()
        for name in (speaker, str(number), f"{file.name}/{speaker}")
    ]
