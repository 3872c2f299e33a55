import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from deployments.speech.config import SpeechConfig
from deployments.speech.deployment import SpeechDeployment
from deployments.speech.engine import SILENCE_S, SpeechEngine
from deployments.speech.piper.engine import PiperEngine
from tests.support.decoded_audio import hear, hear_pcm, pitch
from tests.support.tiny_piper import make_voice
from tests.support.waiting import run_other_tasks
from wire.calls import Call, Operation, Usage
from wire.errors import ModelLoadError

TEXT = "Hello world, this is a test. And one more sentence!"
SPEAKERS = {"num_speakers": 2, "speaker_id_map": {"ann": 0, "bob": 1}, "default_speaker_id": 1}


def config(model: Path | str, **fields: Any) -> SpeechConfig:
    arguments = {"model_id": "tiny", "backend": "piper", "model": str(model), **fields}
    return SpeechConfig.model_validate(arguments)


async def load(config: SpeechConfig) -> SpeechEngine:
    return await PiperEngine.load(config)


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_voice(tmp_path_factory.mktemp("piper"))


@pytest.fixture(scope="module")
def engine(voice: Path) -> SpeechEngine:
    return asyncio.run(load(config(voice)))


async def speak(engine: SpeechEngine, text: str, **fields: Any) -> tuple[list[bytes], Usage]:
    order = {"input": text, "voice": "en_US-tiny-low", "response_format": "pcm", **fields}
    call = Call(Operation.SPEECH, json.dumps(order).encode(), "request")
    *pieces, usage = [piece async for piece in engine.stream(call)]
    assert isinstance(usage, Usage)
    return [piece for piece in pieces if isinstance(piece, bytes)], usage


async def spoken(engine: SpeechEngine, text: str = TEXT, **fields: Any) -> bytes:
    return b"".join((await speak(engine, text, **fields))[0])


@pytest.mark.parametrize("response_format", ["mp3", "opus", "aac", "flac", "wav", "pcm"])
async def test_file_of_each_format_has_the_whole_text(
    engine: SpeechEngine, response_format: str
) -> None:
    pieces, usage = await speak(engine, TEXT, response_format=response_format)

    data = b"".join(pieces)
    heard = hear_pcm(data) if response_format == "pcm" else hear(data)
    assert heard.seconds == pytest.approx(usage.audio_seconds, abs=0.15)
    assert usage.characters == len(TEXT)


async def test_sentences_leave_one_by_one(engine: SpeechEngine) -> None:
    order = {"input": TEXT, "voice": "en_US-tiny-low", "response_format": "pcm"}
    call = Call(Operation.SPEECH_WITH_TIMESTAMPS, json.dumps(order).encode(), "request")
    *lines, end = [json.loads(x) async for x in engine.stream(call) if isinstance(x, bytes)]

    sentences = ["".join(line["alignment"]["characters"]) for line in lines]
    assert sentences == ["Hello world, this is a test. ", "And one more sentence!"]
    assert end["alignment"] is None


async def test_same_seed_gives_the_same_audio_and_another_gives_another(
    engine: SpeechEngine,
) -> None:
    first = await spoken(engine, seed=7)
    await spoken(engine, "Something else is said in between.")

    assert await spoken(engine, seed=7) == first
    assert await spoken(engine, seed=8) != first


@pytest.mark.parametrize("speed", [0.25, 0.5, 1.5, 4])
async def test_speed_changes_the_length(engine: SpeechEngine, speed: float) -> None:
    normal, changed = len(await spoken(engine)), len(await spoken(engine, speed=speed))

    assert changed == pytest.approx(normal / speed, rel=0.05)


async def test_scales_are_the_voices_own_or_the_operators(voice: Path) -> None:
    usual = await load(config(voice))
    slow = await load(config(voice, engine_kwargs={"length_scale": 2, "noise_scale": 0}))

    assert len(await spoken(slow)) == pytest.approx(2 * len(await spoken(usual)), rel=0.01)
    assert await spoken(slow, seed=1) == await spoken(slow, seed=2)


async def test_silence_follows_each_sentence(voice: Path, engine: SpeechEngine) -> None:
    pausing = await load(config(voice, engine_kwargs={"sentence_silence": 0.5}))

    added = len(await spoken(pausing)) - len(await spoken(engine))
    assert added / 2 / 24_000 == pytest.approx(1.0, abs=0.01)


async def test_raw_phonemes_and_markup_are_read_as_text(engine: SpeechEngine) -> None:
    raw, text = await spoken(engine, "Say [[ aaaaaa ]]"), await spoken(engine, "Say [ [ aaaaaa ]]")

    assert raw == text


@pytest.mark.parametrize("text", ["?!", "...", " - ", "\x00\x01"])
async def test_what_cannot_be_spoken_is_a_short_silence(engine: SpeechEngine, text: str) -> None:
    _, usage = await speak(engine, text)

    assert usage.audio_seconds == SILENCE_S


async def test_speakers_of_a_file_are_voices(tmp_path: Path) -> None:
    path = make_voice(tmp_path, "en_GB-two-low", language={"code": "en_GB"}, **SPEAKERS)
    settings = config(path)
    engine = await load(settings)

    assert [voice.id for voice in settings.card().voices] == ["bob", "ann"]
    assert {voice.languages for voice in settings.card().voices} == {("en-gb",)}
    ann = pitch(hear_pcm(await spoken(engine, "a", voice="ann")))
    bob = pitch(hear_pcm(await spoken(engine, "a", voice="bob")))
    assert bob > ann


async def test_speakers_without_names_are_numbers(tmp_path: Path) -> None:
    path = make_voice(tmp_path, num_speakers=3)

    assert [voice.id for voice in config(path).card().voices] == ["0", "1", "2"]
    named = config(path, voices=[{"id": "carol", "speaker": "2", "aliases": ["amy"]}])
    assert [voice.id for voice in named.card().voices] == ["carol"]
    assert await spoken(await load(named), voice="carol")


async def test_directory_has_voices_of_several_languages_and_rates(tmp_path: Path) -> None:
    make_voice(tmp_path, "de_DE-eva-low", audio={"sample_rate": 16_000}, language={"code": "de_DE"})
    make_voice(tmp_path, "en_US-joe-medium", **SPEAKERS)
    settings = config(tmp_path)
    engine = await load(settings)

    card = settings.card()
    assert [(voice.id, voice.languages) for voice in card.voices] == [
        ("de_DE-eva-low", ("de-de",)),
        ("en_US-joe-medium/bob", ("en-us",)),
        ("en_US-joe-medium/ann", ("en-us",)),
    ]
    assert "eva" in card.voices[0].aliases
    assert card.voices_are_native
    # A phoneme has as many samples in both, so at 16 kHz it lasts longer.
    eva = await spoken(engine, "a", voice="de_DE-eva-low")
    ann = await spoken(engine, "a", voice="en_US-joe-medium/ann")
    assert len(eva) == pytest.approx(len(ann) * 22_050 / 16_000, rel=0.1)


async def test_cancelled_request_ends_before_its_next_sentence(engine: SpeechEngine) -> None:
    body = json.dumps({"input": TEXT * 200, "voice": "en_US-tiny-low", "response_format": "pcm"})
    stream = engine.stream(Call(Operation.SPEECH, body.encode(), "request"))

    await anext(stream)
    await stream.aclose()

    while engine.num_unfinished():
        await run_other_tasks()
    assert await spoken(engine)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def remove_json(path: Path) -> None:
    Path(f"{path}.json").unlink()


def cut_json(path: Path) -> None:
    Path(f"{path}.json").write_text("{")


def replace_json(path: Path) -> None:
    Path(f"{path}.json").write_text("{}")


def replace_graph(path: Path) -> None:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Abs", ["x"], ["y"])], "g", [value], [result])
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8), path
    )


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (remove_json, "has no 'en_US-tiny-low.onnx.json' beside it"),
        (cut_json, "does not describe a Piper voice"),
        (replace_json, "audio: Field required"),
        (cut, "cannot be read as a voice"),
        (empty, "cannot be read as a voice|not a Piper voice"),
        (replace_graph, "is not a Piper voice: it has inputs"),
        (Path.unlink, "No model directory at"),
    ],
)
async def test_damaged_voice_is_one_line(
    tmp_path: Path, damage: Callable[[Path], None], message: str
) -> None:
    path = make_voice(tmp_path)
    damage(path)

    with pytest.raises(ModelLoadError, match=message) as caught:
        await load(config(path))

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"voices": [{"id": "zoe"}]}, "the model has no speaker 'zoe', only en_US-tiny-low, tiny"),
        ({"voices": [{"id": "a", "reference_audio": ["a.wav"]}]}, "Piper cannot clone a voice"),
        ({"engine_kwargs": {"speed": 2}}, "engine_kwargs.speed: .*allowed length_scale"),
        ({"engine_kwargs": {"length_scale": 0}}, "engine_kwargs.length_scale: .*greater than 0"),
        ({"engine_kwargs": {"use_cuda": True}}, "has no CUDAExecutionProvider"),
    ],
)
async def test_wrong_option_is_one_line(voice: Path, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelLoadError, match=message):
        await load(config(voice, **fields))


async def test_other_phonemes_are_refused_by_name(tmp_path: Path) -> None:
    path = make_voice(tmp_path, phoneme_type="pinyin")

    with pytest.raises(ModelLoadError, match="phoneme_type: Input should be 'espeak', 'text'"):
        await load(config(path))


async def test_missing_package_is_one_line(voice: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SpeechDeployment.engines, "piper", "no_such_library.engine:PiperEngine")
    deployment = object.__new__(SpeechDeployment)

    with pytest.raises(ModelLoadError, match="backend 'piper' needs the Python module 'no_such_"):
        await deployment.build_engine(config(voice))


async def test_audio_of_no_samples_is_silence(tmp_path: Path) -> None:
    path = make_voice(tmp_path, phoneme_id_map={"_": [0], "^": [1], "$": [2]})
    engine = await load(config(path))

    samples = np.frombuffer(await spoken(engine, "Hello"), np.int16)
    assert len(samples) > 0
