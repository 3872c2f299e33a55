"""Tools that the server carries out: what the model and clients are shown of their outcomes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json

from serve_app.assistants.answer import ToolCall
from serve_app.assistants.citations import Source
from serve_app.assistants.code_interpreter import CodeInterpreter
from serve_app.assistants.prompt import CODE_INTERPRETER, FILE_SEARCH
from serve_app.assistants.turn import describe_call
from serve_app.models.calls import Calls
from serve_app.storage.object_rows import StoredObject
from serve_app.vector_stores.search import FileSearch, SearchResult
from wire.errors import APIError
from wire.openai.assistants import SEARCHES
from wire.openai.run_steps import (
    CodeInterpreterDetails,
    CodeInterpreterToolCall,
    FileSearchDetails,
    FileSearchRankingOptions,
    FileSearchResult,
    FileSearchToolCall,
    StepToolCall,
)

RESULTS = 5
"""Passages that a search shows a model unless its tool has a number."""
RANKER = "default_2024_08_21"
NOTHING = "Nothing was found."


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a call."""

    output: str
    """What the model is shown."""
    shown: StepToolCall
    """The call as a step shows it."""
    sources: list[Source] = field(default_factory=list[Source])
    """Passages that it has been shown."""
    files: dict[str, str] = field(default_factory=dict[str, str])
    """Ids of the files that its programs have written, by name."""


class ServerTools:
    """Carries out calls of ``file_search`` and ``code_interpreter``."""

    def __init__(self, search: FileSearch, interpreter: CodeInterpreter | None) -> None:
        self._search = search
        self._interpreter = interpreter

    async def carry_out(
        self,
        run: StoredObject,
        call: ToolCall,
        calls: Calls,
        stores: Sequence[str],
        num_sources: int,
        question: str,
    ) -> Outcome:
        """Carry out a call; an error in it becomes the output that the model reads.

        ``num_sources`` is how many passages the run has been shown before, ``question`` the last
        message of the user.
        """
        field_name = "query" if call.name == FILE_SEARCH else "code"
        argument = _read_argument(call.arguments, field_name)
        if argument is None:
            problem = f"The arguments must be a JSON object with a text '{field_name}'."
            return Outcome(problem, describe_call(call))
        if call.name == CODE_INTERPRETER:
            return await self._run_code(run, call, argument)
        options = _read_search_options(run)
        try:
            await self._search.wait_for_files(stores)
            found = await self._search.search(calls, run.owner, stores, argument, **options)
        except APIError as error:
            if error.status >= 500:
                raise
            return Outcome(f"The search failed: {error.message}", describe_call(call))
        return _show_passages(call, found, options["score_threshold"], num_sources, question)

    async def _run_code(self, run: StoredObject, call: ToolCall, code: str) -> Outcome:
        if self._interpreter is None:  # the operator has taken it away since
            return Outcome("Code cannot be run here.", describe_call(call))
        result = await self._interpreter.interpret(run, code)
        details = CodeInterpreterDetails(input=code, outputs=result.outputs)
        shown = CodeInterpreterToolCall(id=call.id, code_interpreter=details)
        return Outcome(result.output, shown, files=result.files)


def _read_search_options(run: StoredObject) -> dict[str, Any]:
    tool = next((tool for tool in run.body["tools"] if tool["type"] in SEARCHES), {})
    options = tool.get(FILE_SEARCH) or {}
    ranking = options.get("ranking_options") or {}
    return {
        "max_num_results": options.get("max_num_results") or RESULTS,
        "score_threshold": ranking.get("score_threshold") or 0.0,
    }


def _show_passages(
    call: ToolCall, found: Sequence[SearchResult], threshold: float, num_sources: int, question: str
) -> Outcome:
    sources = [
        Source(num_sources + number, each.file_id, each.filename, each.text)
        for number, each in enumerate(found)
    ]
    results = [
        FileSearchResult(
            file_id=each.file_id,
            file_name=each.filename,
            score=each.score,
            content=[{"type": "text", "text": each.text}],
        )
        for each in found
    ]
    ranking = FileSearchRankingOptions(ranker=RANKER, score_threshold=threshold)
    search = FileSearchDetails(ranking_options=ranking, results=results)
    passages = [f"{source.mark}\n{source.text}" for source in sources]
    if question:  # small models lose it after long passages
        passages.append(f"Question: {question}")
    output = "\n\n".join(passages) if found else NOTHING
    return Outcome(output, FileSearchToolCall(id=call.id, file_search=search), sources)


def without_passages(call: StepToolCall) -> StepToolCall:
    """Return a call as a step shows it without the text of the passages."""
    if not isinstance(call, FileSearchToolCall) or call.file_search.results is None:
        return call
    results = [each.model_copy(update={"content": None}) for each in call.file_search.results]
    search = call.file_search.model_copy(update={"results": results})
    return call.model_copy(update={"file_search": search})


def _read_argument(arguments: str, name: str) -> str | None:
    try:
        value = from_json(arguments)
    except ValueError:
        return None
    argument = value.get(name) if isinstance(value, dict) else None
    return argument if isinstance(argument, str) and argument.strip() else None
