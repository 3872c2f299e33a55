"""The two versions of OpenAI's assistants, which name the file search differently.

A client of the first version creates ``retrieval``, and one of the second ``file_search``. Each
receives its own name, also of what the other has created.
"""

from collections.abc import Callable
from typing import Any

HEADER = "openai-beta"
SEARCH_NAMES = {"assistants=v1": "retrieval", "assistants=v2": "file_search"}
"""The search's name, by the value of the header."""

JSONObject = dict[str, Any]
Show = Callable[[JSONObject], JSONObject]
"""Returns an assistant or a run as its client's version has it."""


def show_as(header: str) -> Show:
    """Return how the client that sent this header sees objects; without a version, as stored."""
    versions = (SEARCH_NAMES.get(each.strip()) for each in header.split(","))
    name = next((each for each in versions if each), None)

    def show(body: JSONObject) -> JSONObject:
        if name is None or "tools" not in body:
            return body
        shown = {**body, "tools": [_rename(tool, name) for tool in body["tools"]]}
        if isinstance(choice := body.get("tool_choice"), dict):
            shown["tool_choice"] = _rename(choice, name)
        return shown

    return show


def _rename(tool: JSONObject, name: str) -> JSONObject:
    return {**tool, "type": name} if tool["type"] in SEARCH_NAMES.values() else tool
