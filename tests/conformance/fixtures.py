"""The files that the cases upload, and what can be read from an image that comes back."""

from __future__ import annotations

import struct
import zlib
from typing import Any

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\nxref\n0 1\n0000000000 65535 f \n"
    b"trailer<</Size 1/Root 1 0 R>>\nstartxref\n45\n%%EOF\n"
)
FRAMES = set(range(0xC0, 0xCD)) - {0xC4, 0xC8, 0xCC}


def fixture(spec: dict[str, Any]) -> tuple[str, bytes, str]:
    """The name, bytes and media type of the file that a case describes."""
    kind = spec.get("kind", "png")
    if kind == "png":
        data = png(spec.get("w", 8), spec.get("h", 8), tuple(spec.get("color", (200, 30, 30))))
        mime = "image/png"
    elif kind == "text":
        data, mime = spec.get("text", "hello\n").encode(), "text/plain"
    elif kind == "svg":
        data, mime = SVG, "image/svg+xml"
    elif kind == "pdf":
        data, mime = PDF, "application/pdf"
    else:
        raise ValueError(kind)
    return spec["filename"], data, spec.get("mime", mime)


def png(width: int, height: int, color: tuple[int, ...]) -> bytes:
    """A PNG of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    row = b"\x00" + bytes(color) * width
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(row * height, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def image_info(data: bytes) -> dict[str, Any] | None:
    """The format and size of an image, or None for anything else, such as a part of one."""
    try:
        if data[:8] == b"\x89PNG\r\n\x1a\n":
            return _info("png", *struct.unpack(">II", data[16:24]))
        if data[:6] in (b"GIF87a", b"GIF89a"):
            return _info("gif", *struct.unpack("<HH", data[6:10]))
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
        if data[:2] == b"\xff\xd8":
            return _jpeg(data)
    except (struct.error, IndexError):
        pass
    return None


def _info(format: str, width: int, height: int) -> dict[str, Any]:
    return {"format": format, "width": width, "height": height}


def _webp(data: bytes) -> dict[str, Any] | None:
    kind = data[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return _info("webp", width & 0x3FFF, height & 0x3FFF)
    if kind == b"VP8L":
        bits = struct.unpack("<I", data[21:25])[0]
        return _info("webp", (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1)
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        return _info("webp", width, height)
    return None


def _jpeg(data: bytes) -> dict[str, Any]:
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        if data[at + 1] in FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return _info("jpeg", width, height)
        at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    return {"format": "jpeg"}
