"""Requests to every path of LocalAI's contract: right, odd and wrong.

Only the contract's facts are here: its paths, its fields and their types.
"""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

FUNCTION: Any = {
    "name": "get_time",
    "description": "Get the current time in a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
CALL: Any = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJg"
    "gg=="
)


def deep(depth: int, inside: Any = 1) -> Any:
    """Return lists and objects in each other."""
    for level in range(depth):
        inside = [inside] if level % 2 else {"a": inside}
    return inside


ODD: list[Any] = [
    None, True, False, 0, -1, 1, 3.5, 1e308, -1e-320, 2**31, 2**63, 2**70, -(2**70),
    "", "x", "\0", "nan", "1", "é\U0001f600\u202e", "ß" * 300, "x " * 60_000,
    [], [1], [None], [[]], [{}], [True] * 3_000, {}, {"a": 1}, {"type": "object"}, {"": None},
    deep(60), deep(180),
]  # fmt: skip
"""What a client may send in any field."""

SCHEMAS: list[Any] = [
    {},
    {"type": "object"},
    {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
    {"type": "object", "properties": 5},
    {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}},
    {"$ref": "#"},
    {"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
    {"type": "telepathy"},
    {"type": ["string", "null"]},
    {"enum": []},
    {"enum": [1, "a", None]},
    {"type": "string", "pattern": "("},
    {"type": "string", "pattern": "^(a+)+$"},
    {"type": "string", "minLength": 5, "maxLength": 2},
    {"type": "integer", "minimum": 10, "maximum": 1},
    {"type": "array", "items": {"type": "number"}, "minItems": 2**40},
    {"anyOf": [{"type": "null"}, {"type": "boolean"}]},
    {"not": {}},
]

schemas = st.one_of(st.sampled_from(SCHEMAS), st.sampled_from(ODD))
names = st.sampled_from(["f", "get_time", "", "a b", "é", "x" * 200, 5, None])


def objects(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return objects that have some of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


functions = st.one_of(
    st.just(FUNCTION), objects(name=names, description=st.sampled_from(ODD), parameters=schemas)
)
tools = st.one_of(
    st.just({"type": "function", "function": FUNCTION}),
    objects(type=st.sampled_from(["function", "web_search", None]), function=functions),
)
roles = st.sampled_from(["user", "assistant", "system", "developer", "tool", "function", "x", 1])
parts = objects(
    type=st.sampled_from(["text", "image_url", "input_audio", "file", "refusal", "x", None]),
    text=st.sampled_from(["hi", "", None, 5, {}]),
    image_url=st.sampled_from(
        [{"url": f"data:image/png;base64,{PICTURE}"}, {"url": "http://localhost/x"}, {}, "x", None]
    ),
    input_audio=st.sampled_from([{"data": "!", "format": "wav"}, {}, 5]),
)
calls = st.one_of(
    st.just([CALL]),
    st.lists(objects(id=names, type=names, function=functions, index=st.integers()), max_size=2),
)
messages = st.one_of(
    st.just({"role": "user", "content": "hi"}),
    objects(
        role=roles,
        content=st.one_of(
            st.sampled_from(["hi", "", None]), st.lists(parts, max_size=3), st.sampled_from(ODD)
        ),
        name=names,
        tool_calls=calls,
        tool_call_id=names,
        function_call=st.sampled_from([{"name": "f", "arguments": "{}"}, {}, "x"]),
        string_content=st.just("hi"),
        string_images=st.just([PICTURE]),
    ),
)
choices = st.one_of(
    st.sampled_from(["auto", "none", "required", "f", {"name": "get_time"}]),
    objects(type=st.just("function"), function=objects(name=names)),
)
numbers = st.sampled_from([0, 0.0, 1, -1, 0.5, 2, 2.5, -2, 100, 1e-9])
texts = st.sampled_from(["", "x", "hi there", "English", "64x64", "é"])
counts = st.sampled_from([0, 1, 2, 3, -1, 129])

FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "backend": st.sampled_from(["", "vllm", "diffusers", "llama-cpp"]),
    "batch": counts,
    "clip_skip": counts,
    "echo": st.booleans(),
    "file": st.sampled_from(["", PICTURE, f"data:image/png;base64,{PICTURE}", "http://localhost/"]),
    "frequency_penalty": numbers,
    "function_call": choices,
    "functions": st.lists(functions, max_size=2),
    "grammar": st.sampled_from(["", 'root ::= "yes" | "no"', "root ::= root", "root ::=", "("]),
    "grammar_json_functions": objects(
        **dict.fromkeys(
            ("oneOf", "anyOf"),
            st.lists(
                st.sampled_from(
                    [
                        {"properties": {"function": {"const": "f"}, "arguments": {}}},
                        {"properties": {"function": 5}},
                        {},
                    ]
                ),
                max_size=2,
            ),
        ),
        **{"$defs": schemas},
    ),
    "ignore_eos": st.booleans(),
    "input": st.sampled_from(["hi", ["a", "b"], [1, 2], [[1, 2]], ["", "a"], [10**9]]),
    "instruction": texts,
    "language": texts,
    "max_tokens": st.sampled_from([1, 2, 3, -1, 100_000]),
    "messages": st.lists(messages, max_size=3),
    "mode": counts,
    "model": st.sampled_from(["gpt-4o", "", "tts-1", "no such model", "homeport-chat:adapter"]),
    "model_base_name": texts,
    "n": counts,
    "n_keep": counts,
    "negative_prompt": texts,
    "negative_prompt_scale": numbers,
    "presence_penalty": numbers,
    "prompt": st.sampled_from(["hi", ["a", "b"], [5, 6], [[5, 6], [7]], "a|b", [10**9]]),
    "repeat_penalty": numbers,
    "response_format": st.one_of(
        st.sampled_from(["text", "json_object", "url", "b64_json", {"type": "json_object"}]),
        objects(type=st.just("json_schema"), json_schema=objects(name=names, schema=schemas)),
    ),
    "rope_freq_base": numbers,
    "rope_freq_scale": numbers,
    "seed": st.sampled_from([0, -1, 7, 2**63 - 1, -(2**63)]),
    "size": st.sampled_from(["64x64", "1x1", "64X64", "9999x64", "0x0", "64"]),
    "step": counts,
    "stop": st.sampled_from([".", ["a", "b"], "", [""], [1]]),
    "stream": st.booleans(),
    "temperature": numbers,
    "tfz": numbers,
    "tokenizer": texts,
    "tool_choice": choices,
    "tools": st.lists(tools, max_size=2),
    "top_k": counts,
    "top_p": numbers,
    "typical_p": numbers,
    "use_fast_tokenizer": st.booleans(),
}
"""The fields of the contract's request type, and values of about their types."""

VLLMS = [
    "add_special_tokens", "allowed_token_ids", "audio", "bad_words", "best_of",
    "chat_template_kwargs", "continue_final_message", "documents", "include_reasoning",
    "length_penalty", "logit_bias", "logprobs", "max_completion_tokens", "metadata", "min_p",
    "min_tokens", "modalities", "parallel_tool_calls", "prompt_logprobs", "reasoning_effort",
    "repetition_detection", "repetition_penalty", "request_id", "return_token_ids", "service_tier",
    "stop_token_ids", "store", "stream_options", "structured_outputs", "suffix",
    "thinking_token_budget", "top_logprobs", "truncate_prompt_tokens", "use_beam_search", "user",
    "vllm_xargs",
]  # fmt: skip
"""Fields beyond the contract: OpenAI's, and those that only the engine knows."""

SPOKEN_FIELDS = {
    "backend": FIELDS["backend"],
    "input": st.sampled_from(["hi", "é", " ", "123"]),
    "model": st.sampled_from(["tts-1", "", "gpt-4o", "no such model"]),
    "voice": st.sampled_from(["alloy", "nova", "no such voice", {"id": "alloy"}]),
}
"""The fields of the contract's type for speech."""


@dataclass(frozen=True)
class Door:
    """A path, what the least request to it says, and its fields."""

    path: str
    least: dict[str, Any]
    fields: dict[str, st.SearchStrategy[Any]]

    def bodies(self) -> st.SearchStrategy[dict[str, Any]]:
        """Return requests: the least one, without some of it, with up to four fields more."""
        odd = st.sampled_from(ODD)
        known = st.sampled_from(sorted(self.fields)).flatmap(
            lambda name: st.tuples(st.just(name), self.fields[name] | self.fields[name] | odd)
        )
        other = st.tuples(st.sampled_from([*VLLMS, "unknown", "", "é"]), odd)
        changes = st.lists(st.one_of(known, known, known, other), max_size=4)
        missing = st.sampled_from([None, None, None, None, *self.least])
        return st.tuples(changes, missing).map(lambda made: self._body(*made))

    def _body(self, changes: list[tuple[str, Any]], missing: str | None) -> dict[str, Any]:
        body = self.least | dict(changes)
        return {name: value for name, value in body.items() if name != missing}


HI: Any = [{"role": "user", "content": "hi"}]
DOORS = [
    Door("chat/completions", {"messages": HI, "max_completion_tokens": 2}, FIELDS),
    Door("completions", {"prompt": "one, ", "max_tokens": 2}, FIELDS),
    Door("edits", {"input": "hi", "instruction": "Repeat", "max_tokens": 2}, FIELDS),
    Door("embeddings", {"input": "hi"}, FIELDS),
    Door("images/generations", {"prompt": "a red circle", "size": "64x64", "step": 1}, FIELDS),
    Door("audio/speech", {"input": "hi"}, SPOKEN_FIELDS),
    Door("text-to-speech/alloy", {"text": "hi"}, SPOKEN_FIELDS),
]
