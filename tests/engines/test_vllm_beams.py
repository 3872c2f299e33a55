"""Beam search by vLLM and the embedded model: it ends where an answer ends."""

from typing import Any

import httpx2
import pytest

from tests.engines.calling import MODEL, Request, ask_model

QUESTION = "What is your name?"


def search(url: str, n: int = 2, **fields: Any) -> list[Any]:
    """Return the choices of a search."""
    body = {
        "model": MODEL,
        "messages": [{"role": "user", "content": QUESTION}],
        "use_beam_search": True,
        "n": n,
        "max_tokens": 60,
        **fields,
    }
    answer = httpx2.post(f"{url}/v1/chat/completions", json=body, timeout=120)
    assert answer.status_code == 200, answer.text
    return answer.json()["choices"]


def answer(url: str, **fields: Any) -> Any:
    """Return what the model answers without a search."""
    body = {"model": MODEL, "messages": [{"role": "user", "content": QUESTION}], **fields}
    sampled = httpx2.post(f"{url}/v1/chat/completions", json=body, timeout=120)
    return sampled.json()


def test_best_answer_ends_at_the_end_token(caller: str) -> None:
    text = answer(caller)["choices"][0]["message"]["content"]
    body = {"use_beam_search": True, "n": 3, "max_tokens": 200}

    searched = answer(caller, **body)

    best = searched["choices"][0]
    assert best["message"]["content"] == text
    assert {each["finish_reason"] for each in searched["choices"]} == {"stop"}
    assert "<|im" not in "".join(each["message"]["content"] for each in searched["choices"])


def test_width_of_one_is_the_likeliest_token_each_time(caller: str) -> None:
    (only,) = search(caller, n=1)

    assert only["message"]["content"] == answer(caller)["choices"][0]["message"]["content"]


def test_stop_text_ends_a_beam(caller: str) -> None:
    text = answer(caller)["choices"][0]["message"]["content"]
    stop = text.split()[2]

    best = search(caller, stop=[stop, "zzz"])[0]
    shown = search(caller, stop=stop, include_stop_str_in_output=True)[0]

    assert best["message"]["content"] == text.partition(stop)[0]
    assert shown["message"]["content"] == text.partition(stop)[0] + stop
    assert (best["finish_reason"], best["stop_reason"]) == ("stop", stop)


def test_stop_token_ends_a_beam(caller: str) -> None:
    text = answer(caller)["choices"][0]["message"]["content"]
    tokens = httpx2.post(f"{caller}/tokenize", json={"model": MODEL, "prompt": text}).json()

    best = search(caller, n=1, stop_token_ids=[tokens["tokens"][3]])[0]

    assert text.startswith(best["message"]["content"])
    assert len(best["message"]["content"]) < len(text)
    assert best["stop_reason"] == tokens["tokens"][3]


def test_least_length_is_kept(caller: str) -> None:
    length = answer(caller)["usage"]["completion_tokens"]

    choices = search(caller, min_tokens=length + 4, logprobs=True)

    assert all(len(each["logprobs"]["content"]) > length + 4 for each in choices)


def test_words_that_are_forbidden_are_in_no_beam(caller: str) -> None:
    text = answer(caller)["choices"][0]["message"]["content"]
    word = text.split()[1]

    choices = search(caller, bad_words=[word])

    assert not any(word in each["message"]["content"] for each in choices)


def test_end_is_ignored_where_it_is_to_be(caller: str) -> None:
    choices = search(caller, ignore_eos=True, max_tokens=40)

    assert {each["finish_reason"] for each in choices} == {"length"}


def test_completions_end_as_well(caller: str) -> None:
    prompt = f"<|im_start|>user\n{QUESTION}<|im_end|>\n<|im_start|>assistant\n"
    body = {
        "model": MODEL,
        "prompt": [prompt, prompt],
        "use_beam_search": True,
        "n": 2,
        "max_tokens": 200,
    }

    searched = httpx2.post(f"{caller}/v1/completions", json=body, timeout=120).json()

    text = answer(caller)["choices"][0]["message"]["content"]
    first, _, second, _ = searched["choices"]
    assert first["text"] == second["text"] == text
    assert first["finish_reason"] == second["finish_reason"] == "stop"


@pytest.mark.parametrize("streamed", [False, True])
def test_call_is_found_by_a_search(caller: str, streamed: bool) -> None:
    schema = {"type": "object", "properties": {"location": {"type": "string"}}}
    request = Request(
        "What is the weather in Boston?",
        {"get_current_weather": schema},
        more={"use_beam_search": True},
    )

    told = ask_model(caller, "chat", request, streamed=streamed)

    assert told.calls == [("get_current_weather", '{"location": "Boston"}')]
    assert (told.text, told.ended) == ("", "calls")
