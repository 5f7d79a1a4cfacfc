"""JSON answers as a minimal ASGI response: encoded once, its headers a raw list that others may extend."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Set
from typing import Any, Final

import orjson
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

Header = tuple[bytes, bytes]

_CONTENT_TYPE: Final[Header] = (b"content-type", b"application/json")


class JSONResponse:
    """An ASGI response that holds JSON: `JSONResponse({"message": "Hello"}, status=201)`.

    `headers` is a live, mutable view of `raw_headers`, the list of byte pairs that is sent.
    """

    __slots__ = ("body", "raw_headers", "status_code")

    def __init__(self, data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.status_code = status
        self.body = encode_json(data)
        self.raw_headers: list[Header] = [_CONTENT_TYPE, (b"content-length", b"%d" % len(self.body))]
        if headers:
            self.raw_headers += [encode_header(name, value) for name, value in headers.items()]

    @classmethod
    def of_bytes(cls, body: bytes, status: int = 200) -> JSONResponse:
        """An answer whose JSON is encoded already."""
        response = cls.__new__(cls)
        response.status_code = status
        response.body = body
        response.raw_headers = [_CONTENT_TYPE, (b"content-length", b"%d" % len(body))]
        return response

    @property
    def headers(self) -> MutableHeaders:
        """The headers as a case-insensitive mapping; what is set here is sent."""
        return MutableHeaders(raw=self.raw_headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the answer. The server leaves the body out for HEAD."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body})


def as_response(answer: Any) -> Any:
    """What a handler returned, as a response: data becomes JSON, None becomes 204."""
    if hasattr(answer, "raw_headers"):
        return answer
    return Response(status_code=204) if answer is None else JSONResponse(answer)


def encode_json(data: Any) -> bytes:
    """JSON text. Dates are written in the wire's form, mappings and sets as objects and lists.

    Keys that are not text are written as text (`{1: …}` → `{"1": …}`). Raises `TypeError` for what JSON
    cannot hold.
    """
    try:
        return orjson.dumps(data, _default, orjson.OPT_PASSTHROUGH_DATETIME)
    except TypeError:
        # Documents never need this slower option, so that only the data of others pays for it.
        return orjson.dumps(data, _default, orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS)


def encode_header(name: str, value: str) -> Header:
    """A header as bytes. Raises `ValueError` for line breaks and NUL, which would start another header."""
    if any(character in text for text in (name, value) for character in "\r\n\0"):
        raise ValueError(f"The header {name!r} holds a line break or NUL.")
    return name.lower().encode("latin-1"), value.encode("latin-1")


def _default(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        moment = value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)
        return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Set):
        return list(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
