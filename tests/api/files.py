"""Forms with files as clients send them, and the files that the server keeps."""

from pathlib import Path


def form(*parts: tuple[str, str | None, bytes]) -> tuple[bytes, dict[str, str]]:
    """Return a form of (name, filename, data) as it is sent, and its headers."""
    body = b""
    for name, filename, data in parts:
        named = "" if filename is None else f'; filename="{filename}"'
        body += f'--xyz\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode()
        body += data + b"\r\n"
    return body + b"--xyz--\r\n", {"content-type": "multipart/form-data; boundary=xyz"}


def list_stored(folder: Path) -> list[Path]:
    """Return the files below a folder."""
    return [each for each in folder.rglob("*") if each.is_file()]
