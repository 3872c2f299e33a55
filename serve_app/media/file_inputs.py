"""Files that a JSON body carries as a text: base64, a data URL, or the URL of a file on the web."""

import base64
import binascii

from serve_app.media.remote_files import RemoteFiles
from wire.errors import InvalidRequestError, echo


async def read_file_input(text: str, param: str, remote_files: RemoteFiles) -> bytes:
    """Return the bytes of a file.

    Raises:
        InvalidRequestError: it is none of the three, or the URL is not allowed.
    """
    text = text.strip()
    scheme, separator, _ = text[:32].partition("://")
    if scheme.lower() in ("http", "https") and separator:
        return await remote_files.fetch(text, param)
    if text[:5].lower() == "data:":
        head, comma, text = text.partition(",")
        if not comma or not head.lower().endswith(";base64"):
            raise _invalid(param, head)
    return _decode(text, param)


def _decode(text: str, param: str) -> bytes:
    compact = "".join(text.split()).rstrip("=")
    try:
        data = base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise _invalid(param, text) from None
    if not data:
        raise InvalidRequestError(f"Invalid '{param}': the file is empty.", param)
    return data


def _invalid(param: str, text: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"Invalid '{param}': must be base64, a data URL with base64, or an http(s) URL; "
        f"received {echo(text)}.",
        param,
    )
