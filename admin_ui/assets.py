"""The admin's static files: read once, packed once, served for ever under a URL that names their content."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

OWN = Path(__file__).parent / "static"
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent: plain, packed, and of what type."""

    plain: bytes
    packed: bytes
    type: str


class Assets:
    """An ASGI application over folders of static files; `folders` maps a prefix (`""` is the admin's own) to each.

    All files share one version, so that ES modules import each other by relative names and never mix.
    """

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self.files = {name: _asset(name, plain) for name, plain in _read(folders)}
        digest = hashlib.blake2b(digest_size=6)
        for name in sorted(self.files):
            digest.update(name.encode() + b"\0" + self.files[name].plain)
        self.version = digest.hexdigest()

    def path(self, name: str) -> str:
        """Where a file is served, below the admin. Raises KeyError for a file that is not there."""
        if name not in self.files:
            raise KeyError(f"the admin has no static file {name!r}")
        return f"static/{self.version}/{name}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        version, _, name = scope["path_params"]["name"].partition("/")
        await self._answer(Headers(scope=scope), version, name)(scope, receive, send)

    def _answer(self, asked: Headers, version: str, name: str) -> Response:
        asset = self.files.get(name)
        if asset is None or version != self.version:
            return PlainTextResponse("Not Found", 404)
        headers = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}
        if "gzip" in asked.get("accept-encoding", ""):
            return Response(asset.packed, headers={**headers, "content-encoding": "gzip"}, media_type=asset.type)
        return Response(asset.plain, headers=headers, media_type=asset.type)


def _read(folders: Mapping[str, Path]) -> Iterator[tuple[str, bytes]]:
    for prefix, folder in folders.items():
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.parent.name != "css":
                name = path.relative_to(folder).as_posix()
                yield f"{prefix}/{name}" if prefix else name, path.read_bytes()
    yield "admin.css", b"".join(path.read_bytes() for path in sorted((OWN / "css").glob("*.css")))


def _asset(name: str, plain: bytes) -> Asset:
    kind = TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Asset(plain, gzip.compress(plain, mtime=0), kind)
