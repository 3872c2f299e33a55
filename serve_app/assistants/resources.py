"""The models, files and vector stores of assistants and threads, checked when they are set.

A vector store that a request describes is created here.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from serve_app.media.kept_pictures import MAX_BYTES as MAX_PICTURE_BYTES
from serve_app.media.kept_pictures import check_picture
from serve_app.models.checks import Checks
from serve_app.models.registry import Registry
from serve_app.storage.kept_files import FILE, KeptFiles
from serve_app.storage.objects import ObjectStore
from serve_app.storage.vector_store_rows import STORE
from wire.calls import Kind
from wire.errors import InvalidRequestError, ModelNotFoundError, echo
from wire.limits import MAX_ASSISTANT_FILES
from wire.openai.assistants import (
    SEARCHES,
    AssistantTool,
    AssistantToolResources,
    FileSearchResources,
    NewVectorStore,
    ToolResources,
    ToolResourcesCodeInterpreter,
    ToolResourcesFileSearch,
)
from wire.openai.threads import ImageFilePart, MessageRequest

THREAD_STORE_DAYS = 7
"""How long a thread's own vector store is kept after its last use, as with OpenAI."""

MakeStore = Callable[[str, NewVectorStore, int | None], Awaitable[str]]
"""Owner, description and days until an unused store expires → the new store's id."""
AddFiles = Callable[[str, str, Sequence[str]], Awaitable[None]]
"""Owner, store and the files to add."""


class Resources:
    """Checks and creates the resources of assistants and threads."""

    def __init__(
        self,
        registry: Registry,
        objects: ObjectStore,
        files: KeptFiles,
        make_store: MakeStore,
        add_files: AddFiles,
        checks: Checks,
        *,
        runs_code: bool,
    ) -> None:
        self._registry = registry
        self._objects = objects
        self._files = files
        self._make_store = make_store
        self._add_files = add_files
        self.checks = checks
        self.runs_code = runs_code

    async def check_model(self, name: str) -> None:
        """Refuse a model that is not served.

        Raises:
            InvalidRequestError: there is no chat model of this name.
        """
        try:
            await self._registry.resolve(name, Kind.CHAT)
        except ModelNotFoundError as error:
            raise InvalidRequestError(f"Invalid 'model': {error.message}", "model") from error

    def check_tools(self, tools: Sequence[AssistantTool], param: str = "tools") -> None:
        """Refuse tools that this server does not have.

        Raises:
            InvalidRequestError: names the tool.
        """
        names = [tool.function.name for tool in tools if tool.function]
        for index, tool in enumerate(tools):
            if tool.type == "code_interpreter" and not self.runs_code:
                raise InvalidRequestError(
                    f"Invalid '{param}[{index}].type': 'code_interpreter' is not enabled on this "
                    "server; its operator sets 'code_interpreter'.",
                    f"{param}[{index}].type",
                )
            if tool.type != "function" and tool.type in names:
                raise InvalidRequestError(
                    f"Invalid '{param}': a function may not be called {tool.type!r} beside the "
                    "tool of that name.",
                    param,
                )

    async def check_files(self, owner: str, ids: Sequence[str], param: str) -> None:
        """Refuse files that do not exist.

        Raises:
            InvalidRequestError: names the first.
        """
        files = await self._objects.find(owner, FILE, ids)
        for file_id in ids:
            if file_id not in files:
                raise InvalidRequestError(
                    f"Invalid '{param}': no file found with id {echo(file_id)}.", param
                )

    async def check_messages(self, owner: str, messages: Mapping[str, MessageRequest]) -> None:
        """Refuse messages with files or pictures that do not exist, by their paths.

        Raises:
            InvalidRequestError: names the first.
        """
        for path, message in messages.items():
            attached = message.attachments or ()
            for index, each in enumerate(attached):
                await self.check_files(owner, [each.file_id], f"{path}attachments[{index}].file_id")
            await self.check_files(owner, message.file_ids or (), f"{path}file_ids")
            parts = message.content if isinstance(message.content, list) else ()
            left = MAX_PICTURE_BYTES
            for index, part in enumerate(parts):
                if isinstance(part, ImageFilePart):
                    param = f"{path}content[{index}].image_file.file_id"
                    file_id = part.image_file.file_id
                    left -= await check_picture(file_id, owner, self._files, param, left)

    async def create_stores(
        self,
        owner: str,
        resources: ToolResources | None,
        *,
        file_ids: Sequence[str] = (),
        expires_days: int | None = None,
    ) -> dict[str, Any]:
        """Create the described store and return the resources with its id.

        ``file_ids`` are the first version's, which a search covers.

        Raises:
            InvalidRequestError: a file or a store does not exist.
        """
        search = (resources and resources.file_search) or FileSearchResources()
        made = AssistantToolResources()
        if resources and resources.code_interpreter:
            ids = resources.code_interpreter.file_ids
            await self.check_files(owner, ids, "tool_resources.code_interpreter.file_ids")
            made.code_interpreter = ToolResourcesCodeInterpreter(file_ids=ids)
        if file_ids:
            await self.check_files(owner, file_ids, "file_ids")
        stores = search.vector_store_ids or []
        await self._check_stores(owner, stores)
        wanted = search.vector_stores or []
        if file_ids and not stores and not wanted:
            wanted = [NewVectorStore(file_ids=list(file_ids))]
        for store in wanted:
            param = "tool_resources.file_search.vector_stores[0].file_ids"
            await self.check_files(owner, store.file_ids, param)
            stores = [await self._make_store(owner, store, expires_days)]
        if stores or search.vector_store_ids is not None:
            made.file_search = ToolResourcesFileSearch(vector_store_ids=stores)
        return made.model_dump()

    async def _check_stores(self, owner: str, ids: Sequence[str]) -> None:
        stores = await self._objects.find(owner, STORE, ids)
        for store_id in ids:
            if store_id not in stores:
                param = "tool_resources.file_search.vector_store_ids"
                raise InvalidRequestError(
                    f"Invalid '{param}': no vector store found with id {echo(store_id)}.", param
                )

    async def attach(
        self, owner: str, resources: dict[str, Any], messages: Sequence[MessageRequest]
    ) -> dict[str, Any]:
        """Return a thread's resources together with the files of its checked messages.

        Raises:
            InvalidRequestError: there are too many.
        """
        searched, read = _files(messages, "file_search"), _files(messages, "code_interpreter")
        if not searched and not read:
            return resources
        before = AssistantToolResources.model_validate(resources)
        if read:
            if not self.runs_code:
                raise InvalidRequestError(
                    "Invalid 'attachments': 'code_interpreter' is not enabled on this server.",
                    "attachments",
                )
            code = before.code_interpreter
            ids = list(dict.fromkeys([*(code.file_ids if code else ()), *read]))
            if len(ids) > MAX_ASSISTANT_FILES:
                raise InvalidRequestError(
                    f"Invalid 'attachments': a thread's code reads at most "
                    f"{MAX_ASSISTANT_FILES} files ({len(ids)}).",
                    "attachments",
                )
            before.code_interpreter = ToolResourcesCodeInterpreter(file_ids=ids)
        if searched:
            stores = before.file_search.vector_store_ids if before.file_search else []
            if stores:
                await self._add_files(owner, stores[0], searched)
            else:
                new = NewVectorStore(file_ids=searched)
                stores = [await self._make_store(owner, new, THREAD_STORE_DAYS)]
            before.file_search = ToolResourcesFileSearch(vector_store_ids=stores)
        return before.model_dump()


def has_search(tools: Iterable[str]) -> bool:
    """Whether one of the types of tools searches files."""
    return any(tool in SEARCHES for tool in tools)


def attachments(message: MessageRequest) -> list[dict[str, Any]]:
    """Return the attachments of a message, in the second version's form."""
    listed = [each.model_dump(exclude_unset=True) for each in message.attachments or ()]
    old = [{"file_id": each, "tools": [{"type": "file_search"}]} for each in message.file_ids or ()]
    return [*listed, *old]


def _files(messages: Sequence[MessageRequest], tool: str) -> list[str]:
    """Return the files that messages attach for a tool, each once."""
    file_ids = [
        each["file_id"]
        for message in messages
        for each in attachments(message)
        if any(used["type"] == tool for used in each["tools"])
    ]
    return list(dict.fromkeys(file_ids))
