"""Writes the page of the SDKs' methods: ``python -m tests.api.sdk.page``."""

from collections.abc import Iterator
from pathlib import Path

from tests.api.sdk.sdks import SDKS, Sdk, record
from tests.support.sdk_calls import ANSWERED, IGNORED

PAGE = Path(__file__).resolve().parents[3] / "docs" / "sdks.md"
HEAD = """# SDKs

Each method of the resources that Homeport serves is called by the unchanged SDK with each of its
parameters, and the answers are validated strictly. This page is written by that test
(`tests/api/sdk/`): a method or parameter that is not listed as refused is answered.

A parameter "without effect" is a [hint](api.md#fields), which the header `x-homeport-ignored`
names. The asynchronous clients have the same methods.
"""


def render_page() -> str:
    """Return the page."""
    lines = (line for sdk in SDKS for line in _render(sdk))
    return HEAD + "\n" + "\n".join(lines)


def _render(sdk: Sdk) -> Iterator[str]:
    outcomes = {
        method: parameters
        for group in sdk.groups
        for method, parameters in record(sdk, group).outcomes.items()
    }
    yield f"## {sdk.name} {sdk.version}\n"
    yield "| method | without effect | refused |"
    yield "| --- | --- | --- |"
    for method in sorted(outcomes):
        yield _render_method(method, outcomes[method])
    yield "\nNot called:\n"
    yield "| methods | reason |"
    yield "| --- | --- |"
    reasons: dict[str, list[str]] = {}
    for prefix, reason in sdk.not_served.items():
        reasons.setdefault(reason, []).append(f"`{prefix}`")
    for reason, prefixes in reasons.items():
        yield f"| {', '.join(prefixes)} | {reason} |"
    yield ""


def _render_method(method: str, outcomes: dict[str, str]) -> str:
    if outcomes[""] != ANSWERED:
        return f"| `{method}` | | all: {outcomes['']} |"
    ignored = [f"`{name}`" for name, outcome in outcomes.items() if outcome == IGNORED]
    refused = [
        f"`{name}`: {outcome}"
        for name, outcome in outcomes.items()
        if outcome not in (ANSWERED, IGNORED)
    ]
    return f"| `{method}` | {', '.join(ignored)} | {'<br>'.join(refused)} |"


if __name__ == "__main__":
    PAGE.write_text(render_page())
