import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from deployments.speech.config import SpeechConfig
from deployments.speech.coqui.engine import CoquiEngine
from deployments.speech.coqui.phonemes import LibraryPhonemizer
from deployments.speech.engine import SILENCE_S, SpeechEngine
from tests.support.decoded_audio import hear
from tests.support.tiny_coqui import make_recording, make_vits, make_xtts
from wire.calls import Call, Operation, Usage
from wire.errors import ModelLoadError

TEXT = "Hello world, this is a test. And one more sentence!"


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def config(model: Path, **fields: Any) -> SpeechConfig:
    arguments = {"model_id": "tiny", "backend": "coqui", "model": str(model), **fields}
    return SpeechConfig.model_validate(arguments)


async def load(config: SpeechConfig) -> SpeechEngine:
    return await CoquiEngine.load(config)


async def speak(engine: SpeechEngine, text: str, **fields: Any) -> tuple[list[bytes], Usage]:
    body = json.dumps({"input": text, "response_format": "pcm", **fields}).encode()
    *pieces, usage = [
        piece async for piece in engine.stream(Call(Operation.SPEECH, body, "request"))
    ]
    assert isinstance(usage, Usage)
    return [piece for piece in pieces if isinstance(piece, bytes)], usage


@pytest.fixture(scope="module")
def vits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_vits(tmp_path_factory.mktemp("vits"))


@pytest.fixture(scope="module")
def engine(vits: Path) -> SpeechEngine:
    return asyncio.run(load(config(vits)))


def test_card_has_the_models_speakers_and_everyones_names(vits: Path) -> None:
    voices = config(vits).card().voices

    assert [voice.id for voice in voices] == ["ann", "bob"]
    names = {alias for voice in voices for alias in voice.aliases}
    assert {"alloy", "onyx", "21m00Tcm4TlvDq8ikWAM"} <= names


async def test_speakers_of_a_checkpoint_speak(engine: SpeechEngine) -> None:
    ann, usage = await speak(engine, TEXT, voice="ann", seed=1)
    bob, _ = await speak(engine, TEXT, voice="bob", seed=1)

    assert len(b"".join(ann)) / 48_000 == pytest.approx(usage.audio_seconds, abs=0.01)
    assert usage.audio_seconds > 1
    assert usage.characters == len(TEXT)
    assert b"".join(ann) != b"".join(bob)


async def test_sentences_leave_one_by_one(engine: SpeechEngine) -> None:
    pieces, _ = await speak(engine, TEXT, voice="ann")

    assert len(pieces) > 2


async def test_same_seed_says_the_same(engine: SpeechEngine) -> None:
    first, _ = await speak(engine, TEXT, voice="ann", seed=5)
    again, _ = await speak(engine, TEXT, voice="ann", seed=5)
    other, _ = await speak(engine, TEXT, voice="ann", seed=6)

    assert b"".join(first) == b"".join(again) != b"".join(other)


async def test_same_request_is_the_same_file_without_a_seed(engine: SpeechEngine) -> None:
    first, _ = await speak(engine, TEXT, voice="ann", response_format="wav")
    await speak(engine, TEXT, voice="bob", seed=6)

    again, _ = await speak(engine, TEXT, voice="ann", response_format="wav")

    assert b"".join(first) == b"".join(again)


@pytest.mark.parametrize("speed", [0.25, 4])
async def test_speed_is_kept_by_models_without_one(engine: SpeechEngine, speed: float) -> None:
    _, normal = await speak(engine, TEXT, voice="ann", seed=1)
    _, changed = await speak(engine, TEXT, voice="ann", seed=1, speed=speed)

    assert normal.audio_seconds / changed.audio_seconds == pytest.approx(speed, rel=0.1)


@pytest.mark.parametrize("text", ["👍", "日本語", "...", "\n"])
async def test_text_without_a_token_is_a_short_silence(engine: SpeechEngine, text: str) -> None:
    pieces, usage = await speak(engine, text, voice="ann", response_format="mp3")

    assert usage.audio_seconds == SILENCE_S
    assert hear(b"".join(pieces)).seconds > 0


async def test_odd_text_is_spoken_as_far_as_the_model_knows_it(engine: SpeechEngine) -> None:
    _, usage = await speak(engine, "Hello 日本 👍 " + "word " * 300, voice="ann")

    assert usage.audio_seconds > 1


async def test_client_that_leaves_stops_the_work(engine: SpeechEngine) -> None:
    body = json.dumps({"input": TEXT * 100, "voice": "ann"}).encode()
    pieces = engine.stream(Call(Operation.SPEECH, body, "request"))
    await anext(pieces)

    await pieces.aclose()

    await speak(engine, "Next", voice="ann")  # behind whatever is still in the thread
    assert engine.num_unfinished() == 0


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"voices": [{"id": "x", "speaker": "carl"}]}, "no speaker 'carl', only ann, bob"),
        ({"voices": [{"id": "x", "reference_audio": ["gone.wav"]}]}, "no recording at 'gone.wav'"),
        ({"engine_kwargs": {"gpu": True}}, "unknown ['gpu'], allowed device"),
        ({"engine_kwargs": {"inference": {"top_k": 1}}}, "only XTTS takes it"),
        ({"engine_kwargs": {"vocoder_path": "gone.pth"}}, "could not load the model"),
    ],
)
async def test_wrong_option_fails_the_load_by_name(
    vits: Path, fields: dict[str, Any], says: str
) -> None:
    with pytest.raises(ModelLoadError) as raised:
        await load(config(vits, **fields))

    assert says in str(raised.value)


async def test_cloning_with_a_model_that_cannot_is_refused(vits: Path, tmp_path: Path) -> None:
    recording = make_recording(tmp_path / "me.wav")
    voices = [{"id": "me", "reference_audio": [str(recording)]}]

    with pytest.raises(ModelLoadError, match="cannot clone a voice"):
        await load(config(vits, voices=voices))


async def test_moved_directory_still_finds_its_speakers(tmp_path: Path) -> None:
    model = make_vits(tmp_path / "moved", speakers_file="/where/it/was/trained/speakers.json")

    pieces, _ = await speak(await load(config(model)), "Hello", voice="bob")

    assert pieces


async def test_single_speaker_is_the_default_voice(tmp_path: Path) -> None:
    settings = config(make_vits(tmp_path / "single", speakers=("only",)))

    pieces, _ = await speak(await load(settings), "Hello", voice=settings.card().voices[0].id)

    assert [voice.id for voice in settings.card().voices] == ["default"]
    assert pieces


async def test_directory_that_is_no_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match=r"no config\.json"):
        await load(config(tmp_path))


def test_phonemes_need_no_program_on_the_machine() -> None:
    said = LibraryPhonemizer("en").phonemize("Hello, how are you?", separator="")

    assert said == "həlˈoʊ, hˈaʊ ɑːɹ juː?"


async def test_phoneme_model_speaks(tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "use_phonemes": True,
        "phonemizer": "espeak",
        "phoneme_language": "en-us",
    }
    engine = await load(config(make_vits(tmp_path / "phonemes", **settings)))

    _, usage = await speak(engine, "Hello there.", voice="ann")

    assert usage.audio_seconds > SILENCE_S


async def test_xtts_streams_within_a_sentence_with_a_cloned_voice(tmp_path: Path) -> None:
    voices = [
        {"id": "ana", "speaker": "Ana"},
        {"id": "me", "reference_audio": [str(make_recording(tmp_path / "me.wav"))]},
    ]
    settings = config(make_xtts(tmp_path / "xtts"), voices=voices)
    engine = await load(settings)

    built_in, _ = await speak(engine, "Hello world", voice="ana", seed=1, language="de")
    cloned, usage = await speak(engine, "Hello world", voice="me", seed=1)

    assert settings.card().voices[1].languages == ("en", "de")
    assert len(cloned) > 1
    assert len(b"".join(cloned)) / 48_000 == pytest.approx(usage.audio_seconds, abs=0.01)
    assert b"".join(built_in) != b"".join(cloned)
