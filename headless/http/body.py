"""Request bodies: read up to a limit, then understood as JSON or as a form; every refusal says why."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any, Final

import orjson
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from headless.errors import BadRequest, HeadlessError, TooLarge
from headless.http import querystring

MAX_JSON_DEPTH: Final = 100
MAX_FORM_FIELDS: Final = 1_000
MAX_FIELD_BYTES: Final = 1024 * 1024
_MAX_CONTENT_TYPE: Final = 256
_INTEGERS: Final = 2**63

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Fields = list[tuple[str, str]]

# Integers that SQL cannot hold have at least 19 digits, and NUL can only come as this escape (a raw one is a
# syntax error). Bodies without either are not walked for them.
_DIGITS_AS_ZERO: Final = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER: Final = b"0" * 19
_ESCAPED_NUL: Final = rb"\u0000"

_JSON_TYPE: Final = re.compile(r"application/(?:[a-z0-9!#$&^_.+-]{1,64}\+)?json", re.ASCII)


class UnsupportedMediaType(HeadlessError):
    """The body is of a content type that this endpoint does not read."""

    status = 415


async def read_body(receive: Receive, limit: int, content_length: bytes | None = None) -> bytes:
    """The whole body. Raises `TooLarge` (413) as soon as over `limit` bytes are announced or received."""
    if content_length is not None and _announced(content_length) > limit:
        raise _too_large(limit)
    received = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk: bytes = message.get("body", b"")
        if len(received) + len(chunk) > limit:
            raise _too_large(limit)
        if message.get("more_body", False):
            received += chunk
        else:
            return bytes(received + chunk) if received else chunk


def parse_json(body: bytes | str, *, require_object: bool = True) -> Any:
    """JSON as `JSON.parse` reads it: the last of duplicate keys wins, integers beyond 64 bits become floats.

    An empty body is an empty object, as Payload has it. Raises `BadRequest` for malformed text, numbers
    beyond a double, `NaN`, lone surrogates, NUL characters, nesting deeper than `MAX_JSON_DEPTH` and, when an
    object is required, for anything else.
    """
    if not body:
        return {}
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _invalid_json(error) from None
    if require_object and type(data) is not dict:
        raise BadRequest("The body must be a JSON object.")
    return _checked(data, body if isinstance(body, bytes) else body.encode())


async def parse_form(content_type: bytes | None, body: bytes) -> Fields:
    """The fields of a urlencoded or multipart form, in order. Files are refused.

    Raises `BadRequest` for anything malformed or beyond the limits, `UnsupportedMediaType` for other content
    types.
    """
    kind = media_type(content_type)
    if kind == "application/x-www-form-urlencoded":
        return _urlencoded(body)
    if kind == "multipart/form-data":
        return await _multipart(content_type or b"", body)
    raise _unsupported(kind)


async def parse_data(content_type: bytes | None, body: bytes) -> dict[str, Any]:
    """The data of a write, from JSON or from a form.

    A form's `_payload` field holds all data as JSON text, as Payload's clients send it; a form without one
    gives its own fields, nested by their brackets.
    """
    kind = media_type(content_type)
    if not body or not kind or _JSON_TYPE.fullmatch(kind):
        data: dict[str, Any] = parse_json(body)
        return data
    return form_data(await parse_form(content_type, body))


def form_data(fields: Fields) -> dict[str, Any]:
    """The data that form fields stand for: `_payload` read as JSON, else the fields nested by their
    brackets.
    """
    for name, value in fields:
        if name == "_payload":
            data: dict[str, Any] = parse_json(value)
            return data
    return querystring.nest([name for name, _ in fields]).fill([value for _, value in fields])


def media_type(content_type: bytes | None) -> str:
    """`b"Text/HTML; charset=utf-8"` → `"text/html"`; an absent or undecodable header is empty."""
    if content_type is None:
        return ""
    return content_type.partition(b";")[0].strip().lower().decode("ascii", "replace")


def _announced(content_length: bytes) -> int:
    """The server has checked that these are digits; a length of 20 digits is over any limit without being
    read.
    """
    if not content_length.isdigit():
        raise BadRequest("The Content-Length header is not a number.")
    return int(content_length[:20])


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The request body is larger than {limit} bytes.")


def _unsupported(kind: str) -> UnsupportedMediaType:
    return UnsupportedMediaType(f'The content type "{kind[:80]}" is not read here: send application/json.')


def _invalid_json(error: orjson.JSONDecodeError) -> BadRequest:
    reason = error.msg
    if "infinity" in reason:
        return BadRequest("The JSON holds a number that is too large.")
    if "depth" in reason:
        return BadRequest(f"The JSON is nested deeper than {MAX_JSON_DEPTH} levels.")
    if "surrogate" in reason:
        return BadRequest("The JSON holds text that is not valid Unicode.")
    return BadRequest("Invalid JSON")


def _checked(data: Any, body: bytes) -> Any:
    """Walks the parsed data only for what the bytes say may be there."""
    if body.count(b"[") + body.count(b"{") > MAX_JSON_DEPTH:
        _refuse_deep(data)
    if _ESCAPED_NUL in body or _LONG_NUMBER in body.translate(_DIGITS_AS_ZERO):
        return _cleaned(data)
    return data


def _refuse_deep(data: Any) -> None:
    """Level by level, so that no nesting exhausts the stack."""
    level = [data]
    for _ in range(MAX_JSON_DEPTH):
        level = [
            inner
            for container in level
            for inner in (container.values() if type(container) is dict else container)
            if type(inner) is dict or type(inner) is list
        ]
        if not level:
            return
    raise BadRequest(f"The JSON is nested deeper than {MAX_JSON_DEPTH} levels.")


def _cleaned(value: Any) -> Any:
    """The same data with integers beyond 64 bits as floats; NUL is refused. Its depth is limited already."""
    if type(value) is dict:
        return {_cleaned(key): _cleaned(inner) for key, inner in value.items()}
    if type(value) is list:
        return [_cleaned(inner) for inner in value]
    if type(value) is str and "\0" in value:
        raise _nul()
    if type(value) is int and not -_INTEGERS <= value < _INTEGERS:
        return float(value)
    return value


def _nul() -> BadRequest:
    return BadRequest("Text may not hold the NUL character (U+0000).")


def _urlencoded(body: bytes) -> Fields:
    keys, values = querystring.split(body, max_bytes=MAX_FIELD_BYTES)
    return list(zip(querystring.decode_keys(keys), values, strict=True))


class _WholeForm(MultiPartParser):
    """Notices the closing boundary: without it a truncated form would pass for a shorter one."""

    is_whole = False

    def on_end(self) -> None:
        self.is_whole = True


async def _multipart(content_type: bytes, body: bytes) -> Fields:
    if len(content_type) > _MAX_CONTENT_TYPE:
        raise BadRequest("The Content-Type header is too long.")
    _require_utf8(content_type, body)
    parser = _WholeForm(
        Headers(raw=[(b"content-type", content_type)]),
        _once(body),
        max_files=0,
        max_fields=MAX_FORM_FIELDS,
        max_part_size=MAX_FIELD_BYTES,
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        if error.message.startswith("Too many files"):
            raise BadRequest("This form may not hold files.") from None
        raise BadRequest(error.message) from None
    except (ValueError, LookupError) as error:
        raise BadRequest("Invalid multipart data.") from error
    if not parser.is_whole:
        raise BadRequest("The form is incomplete.")
    return [(name, value) for name, value in form.multi_items() if not isinstance(value, UploadFile)]


def _require_utf8(content_type: bytes, body: bytes) -> None:
    """Other charsets are refused: the client would choose a Python codec, and some of them fail in ways of
    their own.
    """
    _, options = parse_options_header(content_type)
    if options.get(b"charset", b"utf-8").lower() not in (b"utf-8", b"utf8"):
        raise BadRequest("A form must be UTF-8.")
    try:
        body.decode()
    except UnicodeDecodeError:
        raise BadRequest("The form is not valid UTF-8.") from None
    if b"\0" in body:
        raise _nul()


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
