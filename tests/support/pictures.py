# pyright: standard
"""Pictures that tests make, whole and broken."""

import base64
import struct
import threading
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image


def picture(
    color: Any = "red",
    mode: str = "RGB",
    form: str = "PNG",
    size: tuple[int, int] = (64, 64),
    **options: Any,
) -> bytes:
    """Return the file of a picture of one colour."""
    file = BytesIO()
    Image.new("RGB", size, color).convert(mode).save(file, form, **options)
    return file.getvalue()


def grey_of_16_bits(value: int) -> bytes:
    """Return a PNG whose pixels have two bytes each."""
    file = BytesIO()
    Image.fromarray(np.full((64, 64), value, np.uint16)).save(file, "PNG")
    return file.getvalue()


def halves(upper: str, lower: str, orientation: int = 1) -> bytes:
    """Return a PNG of two colours, which its EXIF data say to turn."""
    two = Image.new("RGB", (64, 64), upper)
    two.paste(lower, (0, 32, 64, 64))
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = BytesIO()
    two.save(file, "PNG", exif=exif)
    return file.getvalue()


def animation(num_frames: int) -> bytes:
    """Return a GIF."""
    frames = [Image.new("P", (32, 32), i % 255) for i in range(num_frames)]
    file = BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


def make_png_header(width: int, height: int) -> bytes:
    """Return a PNG that says to be as large as this, and has no pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


@contextmanager
def host(data: bytes) -> Generator[str]:
    """Serve a file on this machine and yield its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/picture"
        server.shutdown()


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def encode(data: bytes) -> str:
    """Return base64."""
    return base64.b64encode(data).decode()


def data_url(data: bytes) -> str:
    """Return a URL that has the file itself. Its type is often wrong, as it is with clients."""
    return f"data:image/png;base64,{encode(data)}"
