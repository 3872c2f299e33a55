import asyncio
import ctypes
import json
from itertools import combinations
from typing import Any

import espeakng_loader
import pytest

from deployments.speech.engine import SILENCE_S, SpeechEngine
from deployments.speech.espeak.engine import EspeakSynthesizer
from deployments.speech.espeak.library import BUFFER_MS, espeak
from deployments.speech.espeak.voices import THROATS, espeak_voices, languages
from deployments.threads import Cancelled
from tests.support.decoded_audio import Heard, hear, hear_pcm, pitch
from tests.support.waiting import run_other_tasks
from wire.calls import Call, Operation, Reply, Usage
from wire.errors import InvalidRequestError

SENTENCE = "The quick brown fox jumps over the lazy dog. "
LONG = SENTENCE * 25
MAX_CHARS = 100_000


@pytest.fixture(scope="module")
def engine() -> SpeechEngine:
    return SpeechEngine(EspeakSynthesizer(), MAX_CHARS)


def order(text: str, operation: Operation = Operation.SPEECH, **fields: Any) -> Call:
    body = {"input": text, "voice": "alloy", "model": "homeport-voice", **fields}
    return Call(operation, json.dumps(body).encode(), "request")


async def speak(engine: SpeechEngine, text: str, **fields: Any) -> tuple[bytes, Usage]:
    *pieces, usage = [piece async for piece in engine.stream(order(text, **fields))]
    assert isinstance(usage, Usage)
    return b"".join(piece for piece in pieces if isinstance(piece, bytes)), usage


async def heard(engine: SpeechEngine, text: str, **fields: Any) -> Heard:
    data, _ = await speak(engine, text, **{"response_format": "pcm", **fields})
    return hear_pcm(data)


FORMATS = {
    "mp3": ("mp3", "mp3float"),
    "opus": ("ogg", "opus"),
    "aac": ("aac", "aac"),
    "flac": ("flac", "flac"),
    "wav": ("wav", "pcm_s16le"),
}


@pytest.mark.parametrize("text", ["Hello there.", LONG], ids=["short", "long"])
@pytest.mark.parametrize("response_format", FORMATS)
async def test_file_of_each_format_decodes_to_the_right_length(
    engine: SpeechEngine, response_format: str, text: str
) -> None:
    data, usage = await speak(engine, text, response_format=response_format)

    file = hear(data)
    assert (file.container, file.codec) == FORMATS[response_format]
    assert file.seconds == pytest.approx(usage.audio_seconds, abs=0.1)
    assert usage.characters == len(text)
    assert file.loudness > 0.02


async def test_pcm_is_24_khz_whatever_the_library_has(engine: SpeechEngine) -> None:
    data, usage = await speak(engine, LONG, response_format="pcm")

    assert len(data) / 2 / 24_000 == pytest.approx(usage.audio_seconds, abs=0.01)


async def test_short_wav_says_how_long_it_is(engine: SpeechEngine) -> None:
    data, _ = await speak(engine, "Hello.", response_format="wav")

    assert int.from_bytes(data[4:8], "little") == len(data) - 8
    assert int.from_bytes(data[40:44], "little") == len(data) - 44


async def test_whole_wav_of_a_long_text_says_how_long_it_is(engine: SpeechEngine) -> None:
    data, _ = await speak(engine, LONG, response_format="wav", whole=True)

    assert int.from_bytes(data[40:44], "little") == len(data) - 44


async def test_whole_wav_beyond_what_may_be_held_leaves_its_length_open(
    engine: SpeechEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployments.speech.engine.LONGEST_HELD_S", 40)

    data, usage = await speak(engine, LONG, response_format="wav", whole=True)

    assert data[40:44] == b"\xff\xff\xff\xff"
    assert hear(data).seconds == pytest.approx(usage.audio_seconds, abs=0.01)


async def test_audio_of_a_long_text_leaves_before_all_of_it_is_made(engine: SpeechEngine) -> None:
    pieces = engine.stream(order(LONG * 10))

    first = await anext(pieces)

    assert isinstance(first, bytes)
    assert len(first) < 50_000
    await pieces.aclose()


async def test_encode_makes_a_finished_file_of_samples(engine: SpeechEngine) -> None:
    samples, usage = await speak(engine, "Hello there.", response_format="pcm")

    for response_format in FORMATS:
        body = json.dumps({"response_format": response_format}).encode()
        reply = await engine.run(Call(Operation.ENCODE_SPEECH, body, "request", files=(samples,)))
        assert isinstance(reply, Reply)
        assert hear(reply.body).seconds == pytest.approx(usage.audio_seconds, abs=0.1)


async def test_encode_into_a_format_that_is_none_is_refused(engine: SpeechEngine) -> None:
    call = Call(Operation.ENCODE_SPEECH, b'{"response_format": "mp4"}', "request", files=(b"",))

    with pytest.raises(InvalidRequestError, match="allowed mp3, opus, aac, flac, wav, pcm"):
        await engine.run(call)


@pytest.mark.parametrize("speed", [0.25, 0.5, 0.75, 1.5, 2, 4])
async def test_speed_divides_the_length(engine: SpeechEngine, speed: float) -> None:
    normal = await heard(engine, SENTENCE * 4)
    changed = await heard(engine, SENTENCE * 4, speed=speed)

    assert normal.seconds / changed.seconds == pytest.approx(speed, rel=0.1)
    assert pitch(changed) == pytest.approx(pitch(normal), rel=0.25)


async def test_named_voices_differ_by_ear(engine: SpeechEngine) -> None:
    said = {name: await heard(engine, SENTENCE, voice=name) for name in THROATS}

    pitches = {name: pitch(voice) for name, voice in said.items()}
    gender = {voice.id: voice.gender for voice in espeak_voices()}
    lowest_female = min(pitches[name] for name in THROATS if gender[name] == "female")
    assert lowest_female > max(pitches[name] for name in THROATS if gender[name] == "male")
    for one, other in combinations(THROATS, 2):
        assert said[one].samples.tobytes() != said[other].samples.tobytes()
    for voice in said.values():
        assert 0.02 < voice.loudness < 0.2
        assert abs(voice.samples).max() < 0.99


async def test_named_voice_speaks_another_language(engine: SpeechEngine) -> None:
    english = await heard(engine, "Zwei und zwanzig", voice="onyx")
    german = await heard(engine, "Zwei und zwanzig", voice="onyx", language="de")

    assert german.samples.tobytes() != english.samples.tobytes()


async def test_every_voice_of_the_card_can_be_used(engine: SpeechEngine) -> None:
    for voice in espeak_voices():
        assert (await heard(engine, "hello", voice=voice.id)).seconds > 0.05


@pytest.mark.parametrize(
    "text",
    [
        "你好 hello مرحبا привет",
        "a\x00b\x07c",
        "Costs 1,234.56 $ on 3/4.",
        "👩‍👩‍👧 ok 🇩🇪",
        "e\u0301" * 50,
        "<speak>hi</speak> & <b>",
        "[[h@'loU]] {x}",
        "\ufeffhi\u200b there\u202e",
        "x" * 5000,
    ],
)
async def test_odd_text_is_spoken(engine: SpeechEngine, text: str) -> None:
    data, usage = await speak(engine, text)

    assert hear(data).loudness > 0.01
    assert usage.audio_seconds > SILENCE_S


@pytest.mark.parametrize("text", ["\x00", "\u200b", "\ue000"])
async def test_text_without_anything_to_speak_is_a_short_silence(
    engine: SpeechEngine, text: str
) -> None:
    data, usage = await speak(engine, text, response_format="wav")

    assert hear(data).seconds == pytest.approx(usage.audio_seconds, abs=0.01)
    assert usage.audio_seconds < 2


async def test_markup_is_read_and_not_obeyed(engine: SpeechEngine) -> None:
    data, _ = await speak(engine, '<break time="60s"/> one')

    assert hear(data).seconds < 10


async def test_text_above_the_limit_is_refused_with_it(engine: SpeechEngine) -> None:
    with pytest.raises(InvalidRequestError, match=r"1000000 characters.*100000") as raised:
        await speak(engine, "a" * 1_000_000)

    assert raised.value.param == "input"


async def test_segments_join_without_a_click(engine: SpeechEngine) -> None:
    said = await heard(engine, LONG)

    steps = abs(said.samples[1:] - said.samples[:-1])
    alone = await heard(engine, SENTENCE * 5)
    assert steps.max() < 1.5 * abs(alone.samples[1:] - alone.samples[:-1]).max()


async def test_short_request_ends_before_a_long_one_that_came_first(engine: SpeechEngine) -> None:
    finished: list[str] = []

    async def speak_named(name: str, text: str) -> None:
        await speak(engine, text, response_format="pcm")
        finished.append(name)

    long = asyncio.create_task(speak_named("long", LONG * 20))
    await run_other_tasks()
    await speak_named("short", SENTENCE)
    await long

    assert finished == ["short", "long"]


async def test_client_that_leaves_stops_the_work(engine: SpeechEngine) -> None:
    pieces = engine.stream(order(LONG * 80))
    await anext(pieces)

    await pieces.aclose()

    await speak(engine, "Next.")  # behind whatever is still in the threads
    assert engine.num_unfinished() == 0


@pytest.mark.parametrize("voice", ["alloy", "echo", "de"])
async def test_same_request_is_the_same_file_whoever_spoke_before(
    engine: SpeechEngine, voice: str
) -> None:
    first, _ = await speak(engine, LONG, voice=voice, response_format="wav")
    await speak(engine, "Something else.", voice="nova", seed=3)

    again, _ = await speak(engine, LONG, voice=voice, response_format="wav", seed=0)

    assert again == first


def test_same_text_is_the_same_whatever_else_has_loaded_the_library() -> None:
    voice = languages()["en-us"].file
    other = ctypes.CDLL(espeakng_loader.get_library_path())  # as a phonemizer would

    first, again = (espeak().speak(LONG, voice, 175, 50, Cancelled()) for _ in range(2))

    assert again == first
    assert other.espeak_Info


async def test_other_seed_sounds_different(engine: SpeechEngine) -> None:
    files = [
        (await speak(engine, SENTENCE, response_format="wav", seed=seed))[0] for seed in (0, 1, 2)
    ]

    assert len(set(files)) == len(files)


def test_library_stops_within_a_buffer() -> None:
    library, cancelled = espeak(), Cancelled()
    cancelled.set()

    spoken = library.speak(LONG, languages()["en-us"].file, 175, 50, cancelled)

    assert len(spoken.samples) / 2 / library.sample_rate <= 2 * BUFFER_MS / 1000


async def test_timestamps_name_every_character_as_it_is_spoken(engine: SpeechEngine) -> None:
    text = "Hello extraordinarily wide world. " * 20
    call = order(text, Operation.SPEECH_WITH_TIMESTAMPS, response_format="pcm")
    *lines, usage = [piece async for piece in engine.stream(call)]

    assert isinstance(usage, Usage)
    parts = [json.loads(line)["alignment"] for line in lines if isinstance(line, bytes)]
    characters = "".join(c for part in parts if part for c in part["characters"])
    starts = [s for part in parts if part for s in part["character_start_times_seconds"]]
    ends = [s for part in parts if part for s in part["character_end_times_seconds"]]
    assert characters == text
    assert starts == sorted(starts)
    assert ends[-1] == pytest.approx(usage.audio_seconds, abs=0.01)
    # The long word takes longer than the short ones: the library's own word times are used.
    words = {word: starts[text.index(word)] for word in ("Hello", "extra", "wide", "world")}
    assert words["wide"] - words["extra"] > 1.5 * (words["world"] - words["wide"])
