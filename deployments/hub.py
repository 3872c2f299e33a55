"""What a load from the model hub reports: its failures in one line, and how far a download is.

The libraries download by themselves, each what its format needs, into one cache of the node.
"""

import os

# Read by the hub's client when it is imported: it must not report usage to anyone.
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from wire.errors import ModelLoadError
from wire.logging import get_logger

logger = get_logger(__name__)

REPORT_INTERVAL_S = 10


@contextmanager
def watch_hub(model: str, revision: str) -> Generator[None]:
    """Watch a model being loaded: log its download, and raise what the hub refuses in one line.

    ``model`` may also be a path, of which there is nothing to watch.

    Raises:
        ModelLoadError: the model cannot be had from the hub.
    """
    if Path(model).exists():
        yield
        return
    ended = threading.Event()
    threading.Thread(target=_log_download, args=(model, ended), daemon=True).start()
    try:
        yield
    except Exception as error:
        failure = _explain(error, model, revision)
        if failure is None:
            raise
        raise failure from error
    finally:
        ended.set()


def _explain(error: BaseException, model: str, revision: str) -> ModelLoadError | None:
    """Return what went wrong on the hub and what to do, or None if the hub was not the cause."""
    from huggingface_hub import constants, errors

    causes = list(_causes(error))
    source = f"'{model}' (revision '{revision}') cannot be loaded from {constants.ENDPOINT}"

    def find(*kinds: type[BaseException]) -> BaseException | None:
        return next((each for each in causes if isinstance(each, kinds)), None)

    if find(errors.GatedRepoError):
        advice = (
            "it is gated: accept its terms on its page, and set HF_TOKEN to a token of that account"
        )
    elif find(errors.RepositoryNotFoundError):
        advice = "no such model, or it is private: check the name, or set HF_TOKEN for it"
    elif find(errors.RevisionNotFoundError):
        advice = "no such revision: set engine_kwargs.revision to a branch, tag or commit of it"
    elif missing := find(errors.RemoteEntryNotFoundError):
        advice = f"a file is missing there: {_file_of(missing)}"
    elif find(errors.OfflineModeIsEnabled) or (
        constants.HF_HUB_OFFLINE and find(errors.LocalEntryNotFoundError, OSError)
    ):
        advice = (
            f"HF_HUB_OFFLINE is set and the cache '{constants.HF_HUB_CACHE}' lacks it: unset it, "
            "or copy the model there from a node that has it"
        )
    elif find(errors.FileMetadataError):
        advice = "what answers there is no hub: check HF_ENDPOINT and the proxy"
    elif refused := find(errors.HfHubHTTPError):
        advice = f"the hub answers {_status_of(refused)}"
    elif find(errors.LocalEntryNotFoundError):
        advice = "the hub cannot be reached: check the network, HTTPS_PROXY and HF_ENDPOINT"
    else:
        return None
    return ModelLoadError(f"{source}: {advice}.")


def _log_download(model: str, ended: threading.Event) -> None:
    """Log every ten seconds how much of the model is in the cache, while it grows.

    The parts of unfinished files are in the same directory.
    """
    from huggingface_hub import constants

    repository = model.partition(":")[0]
    blobs = Path(constants.HF_HUB_CACHE, f"models--{repository.replace('/', '--')}", "blobs")
    before = _size_of(blobs)
    while not ended.wait(REPORT_INTERVAL_S):
        size = _size_of(blobs)
        if size != before:
            speed = (size - before) / 1e6 / REPORT_INTERVAL_S
            logger.info("downloading %s: %.2f GB in %s, %.1f MB/s", model, size / 1e9, blobs, speed)
        before = size


def _size_of(directory: Path) -> int:
    try:
        with os.scandir(directory) as entries:
            return sum(entry.stat().st_size for entry in entries)
    except OSError:  # not there yet, or a file was just renamed
        return 0


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and all that led to it: libraries try the cache after the hub has refused."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop(0)
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += [each.__cause__, each.__context__]


def _file_of(error: BaseException) -> str:
    """Return the file in the address that the hub does not have."""
    response = getattr(error, "response", None)
    url = str(response.request.url) if response is not None else ""
    return url.partition("/resolve/")[2].partition("/")[2] or "see the log"


def _status_of(error: BaseException) -> str:
    response = getattr(error, "response", None)
    return str(response.status_code) if response is not None else "with an error"
