import json
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI

from tests.api.errors import assert_openai_error
from tests.api.transcriptions import ANSWER, AUDIO, CARD, PIECES, WHOLE, WORDS
from tests.support.scripted_model import ScriptedModel, overloaded
from wire.calls import Operation, Usage
from wire.card import ModelCard
from wire.errors import InvalidRequestError, ModelOverloadedError

PATH = "/v1/audio/transcriptions"


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    return (CARD,)


@pytest.fixture(autouse=True)
def script(model: ScriptedModel) -> None:
    model.script = [ANSWER]


async def post(http: httpx2.AsyncClient, path: str = PATH, **fields: Any) -> httpx2.Response:
    return await http.post(path, data=fields, files={"file": ("a.wav", AUDIO)})


async def test_transcription_answers_the_sdk(
    openai_client: AsyncOpenAI, model: ScriptedModel
) -> None:
    transcription = await openai_client.audio.transcriptions.create(
        model="whisper-1", file=AUDIO, language="en", prompt="Names: Ada", temperature=0.5
    )

    assert transcription.text == "One two."
    assert model.calls[0].operation == Operation.TRANSCRIPTION
    assert model.calls[0].files == (AUDIO,)
    assert model.asked == {
        "model": "ear",
        "task": "transcribe",
        "language": "en",
        "prompt": "Names: Ada",
        "temperature": 0.5,
        "word_timestamps": False,
    }


async def test_verbose_transcription_has_segments_and_words(
    openai_client: AsyncOpenAI, model: ScriptedModel
) -> None:
    verbose = await openai_client.audio.transcriptions.create(
        model="whisper-1",
        file=AUDIO,
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )

    assert model.asked["word_timestamps"] is True
    assert verbose.language == "english"
    assert verbose.segments is not None
    assert [one.text for one in verbose.segments] == [" One", " two."]
    assert verbose.words is not None
    assert verbose.words[1].model_dump() == {"word": "two.", "start": 1.1, "end": 1.9}


@pytest.mark.parametrize(
    ("form", "begins", "media_type"),
    [
        ("text", "One two.\n", "text/plain"),
        ("txt", "One two.\n", "text/plain"),
        ("srt", "1\n00:00:00,000 --> 00:00:01,000\nOne\n", "text/plain"),
        ("vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nOne\n", "text/vtt"),
        ("lrc", "[00:00.00]One\n[00:01.00]two.\n", "text/plain"),
    ],
)
async def test_format_is_answered_as_text(
    http: httpx2.AsyncClient, form: str, begins: str, media_type: str
) -> None:
    answer = await post(http, response_format=form)

    assert answer.status_code == 200
    assert answer.text.startswith(begins)
    assert answer.headers["content-type"].startswith(media_type)


@pytest.mark.parametrize("path", ["/audio/translations", "/v1/audio/translations"])
async def test_translation_asks_for_english(
    http: httpx2.AsyncClient, model: ScriptedModel, path: str
) -> None:
    answer = await post(http, path, model="whisper-1")

    assert answer.json()["text"] == "One two."
    assert model.asked["task"] == "translate"


async def test_translate_flag_asks_for_english(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    await post(http, translate="true")

    assert model.asked["task"] == "translate"


async def test_stream_is_deltas_and_the_whole(
    openai_client: AsyncOpenAI, model: ScriptedModel
) -> None:
    pieces = [json.dumps(piece).encode() for piece in [*PIECES, WHOLE]]
    model.script = [*pieces, Usage(0, 4, audio_seconds=2)]

    stream = await openai_client.audio.transcriptions.create(
        model="whisper-1", file=AUDIO, stream=True
    )
    events = [event async for event in stream]

    assert [event.type for event in events] == [
        "transcript.text.delta",
        "transcript.text.delta",
        "transcript.text.done",
    ]
    done = events[-1]
    assert done.type == "transcript.text.done"
    assert done.text == "One two."
    assert done.usage is not None
    assert done.usage.output_tokens == 4


async def test_verbose_stream_has_the_times_of_each_segment(
    http: httpx2.AsyncClient, openai_client: AsyncOpenAI, model: ScriptedModel
) -> None:
    pieces = [
        {**piece, "id": number, "words": [WORDS[number]]} for number, piece in enumerate(PIECES)
    ]
    model.script = [*(json.dumps(piece).encode() for piece in [*pieces, WHOLE]), Usage(0, 4)]

    stream = await openai_client.audio.transcriptions.create(
        model="whisper-1",
        file=AUDIO,
        stream=True,
        response_format="verbose_json",
        timestamp_granularities=["word"],
    )
    events = [event async for event in stream]

    assert model.asked["word_timestamps"] is True
    kinds = ["delta", "segment", "delta", "segment", "done"]
    assert [event.type for event in events] == [f"transcript.text.{kind}" for kind in kinds]
    segment = events[3]
    assert segment.type == "transcript.text.segment"
    assert (segment.id, segment.start, segment.end, segment.text) == ("seg_001", 1, 2, " two.")
    extra = segment.model_extra
    assert extra is not None
    assert extra["words"] == [{"word": "two.", "start": 1.1, "end": 1.9}]
    assert extra["no_speech_prob"] == 0
    done = events[4].model_dump()
    assert (done["text"], done["language"], done["duration"]) == ("One two.", "english", 2)


async def test_verbose_stream_has_words_only_on_request(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [json.dumps(piece).encode() for piece in [*PIECES, WHOLE]]

    answer = await post(http, stream="true", response_format="verbose_json")

    assert answer.text.count("transcript.text.segment") == 2
    assert "words" not in answer.text


@pytest.mark.parametrize("form", ["json", "text", "srt", "vtt", "verbose_json"])
async def test_segments_as_granularity_are_taken_with_every_format(
    http: httpx2.AsyncClient, model: ScriptedModel, form: str
) -> None:
    fields = {"response_format": form, "timestamp_granularities[]": "segment"}

    assert (await post(http, **fields)).status_code == 200
    assert model.asked["word_timestamps"] is False


async def test_lists_may_be_indexed(http: httpx2.AsyncClient, model: ScriptedModel) -> None:
    granularities = {"timestamp_granularities[0]": "segment", "timestamp_granularities[1]": "word"}
    languages = {"languages[0]": "de", "languages[1]": "en"}

    answer = await post(http, response_format="verbose_json", **granularities, **languages)

    assert answer.status_code == 200, answer.text
    assert model.asked["word_timestamps"] is True
    assert model.asked["languages"] == ["de", "en"]


@pytest.mark.parametrize("path", [PATH, "/v1/audio/translations", "/audio/transcriptions"])
@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("nb", "no"),
        ("nb-NO", "no"),
        ("jv", "jw"),
        ("iw", "he"),
        ("zh", "zh"),
        ("zh-CN", "zh"),
        ("no", "no"),
        ("Mandarin", "zh"),
        ("GERMAN", "de"),
        ("deu", "de"),
        ("auto", None),
    ],
)
async def test_language_is_taken_by_every_name(
    http: httpx2.AsyncClient, model: ScriptedModel, path: str, language: str, code: str | None
) -> None:
    answer = await post(http, path, language=language)

    assert answer.status_code == 200
    assert model.asked.get("language") == code


async def test_stream_of_a_bad_file_is_an_http_error(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [InvalidRequestError("'file': the file has no audio.", "file")]

    answer = await post(http, stream="true")

    assert_openai_error(answer, 400, "file")


async def test_stream_that_fails_ends_with_an_error(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [json.dumps(PIECES[0]).encode(), RuntimeError("secret")]

    answer = await post(http, stream="true")

    assert '"error"' in answer.text.split("\n\n")[1]
    assert "secret" not in answer.text
    assert "[DONE]" not in answer.text


@pytest.mark.parametrize(
    ("strategy", "parameters"),
    [
        ("auto", None),
        ({"type": "server_vad"}, {}),
        (
            {"type": "server_vad", "threshold": 0.25, "silence_duration_ms": 90},
            {"threshold": 0.25, "min_silence_duration_ms": 90},
        ),
    ],
)
async def test_chunking_strategy_sets_the_voice_detection(
    openai_client: AsyncOpenAI, model: ScriptedModel, strategy: Any, parameters: Any
) -> None:
    await openai_client.audio.transcriptions.create(
        model="whisper-1", file=AUDIO, chunking_strategy=strategy
    )

    assert model.asked["vad_filter"] is True
    assert model.asked.get("vad_parameters") == parameters


async def test_chunking_strategy_may_be_json_in_a_field(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    await post(http, chunking_strategy='{"type": "server_vad", "prefix_padding_ms": 5}')

    assert model.asked["vad_parameters"] == {"speech_pad_ms": 5}


async def test_languages_and_words_to_expect_are_sent(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    await http.post(
        PATH,
        data={"languages[]": ["de", "English"], "keywords": "Zorvak", "hotwords": "Ada, Bob"},
        files={"file": ("a.wav", AUDIO)},
    )

    assert model.asked["languages"] == ["de", "en"]
    assert model.asked["keywords"] == ["Zorvak", "Ada, Bob"]


@pytest.mark.parametrize("path", ["/audio/transcriptions", "/v1/audio/translations"])
async def test_empty_fields_are_as_if_left_out(
    http: httpx2.AsyncClient, model: ScriptedModel, path: str
) -> None:
    answer = await post(http, path, model="", language="", prompt="", response_format="")

    assert answer.json()["text"] == "One two."
    assert set(model.asked) == {"model", "task", "word_timestamps"}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"response_format": "diarized_json"}, "response_format"),
        ({"response_format": "word"}, "response_format"),
        ({"temperature": "1.5"}, "temperature"),
        ({"temperature": "warm"}, "temperature"),
        ({"language": "klingon"}, "language"),
        ({"prompt": "x" * 10_001}, "prompt"),
        ({"timestamp_granularities[]": "word"}, "timestamp_granularities"),
        (
            {"timestamp_granularities[]": "letter", "response_format": "verbose_json"},
            "timestamp_granularities[0]",
        ),
        ({"stream": "true", "response_format": "srt"}, "response_format"),
        ({"include[]": "logprobs"}, "include"),
        ({"diarize": "true"}, "diarize"),
        ({"known_speaker_names[]": "Ada"}, "known_speaker_names"),
        ({"chunking_strategy": "sometimes"}, "chunking_strategy"),
        ({"chunking_strategy": "{"}, None),
        ({"chunking_strategy": "auto", "vad_filter": "false"}, "vad_filter"),
        ({"messages": "hello"}, "messages"),
        ({"size": "256x256"}, "size"),
        ({"backend": "whisper.cpp"}, "backend"),
    ],
)
async def test_wrong_field_is_refused_by_name(
    http: httpx2.AsyncClient, model: ScriptedModel, fields: dict[str, str], param: str | None
) -> None:
    answer = await post(http, **fields)

    assert_openai_error(answer, 400, param)
    assert not model.calls


async def test_missing_file_is_refused(http: httpx2.AsyncClient) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}

    answer = await http.post(PATH, content="model=whisper-1", headers=form)

    assert_openai_error(answer, 400, "file")


async def test_file_of_another_name_is_refused(http: httpx2.AsyncClient) -> None:
    assert_openai_error(await http.post(PATH, files={"audio": ("a", AUDIO)}), 400, "audio")


async def test_empty_file_is_refused(http: httpx2.AsyncClient) -> None:
    assert_openai_error(await http.post(PATH, files={"file": ("a.wav", b"")}), 400, "file")


async def test_json_instead_of_a_form_is_refused(http: httpx2.AsyncClient) -> None:
    assert_openai_error(await http.post(PATH, json={"model": "whisper-1"}), 415, None)


async def test_unknown_model_is_not_found(openai_client: AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="Available: ear"):
        await openai_client.audio.transcriptions.create(model="absent", file=AUDIO)


async def test_full_model_is_told_as_such(http: httpx2.AsyncClient, model: ScriptedModel) -> None:
    model.script = [overloaded(ModelOverloadedError)]

    answer = await post(http)

    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "7"
