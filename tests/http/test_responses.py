"""JSON answers: what is sent, what may be in them, and how others add headers."""

from __future__ import annotations

import datetime as dt
from collections.abc import MutableMapping
from types import MappingProxyType
from typing import Any

import orjson
import pytest

from headless.http.responses import JSONResponse, encode_header, encode_json


async def sent(response: JSONResponse) -> list[MutableMapping[str, Any]]:
    """The ASGI messages of a response."""
    messages: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        messages.append(message)

    async def receive() -> MutableMapping[str, Any]:
        raise AssertionError("A JSON answer reads nothing.")

    await response({"type": "http"}, receive, send)
    return messages


async def test_an_answer_is_two_messages() -> None:
    """Status, type and length, then the whole body."""
    start, body = await sent(JSONResponse({"message": "Grüß"}, 201))
    assert start["status"] == 201
    assert dict(start["headers"]) == {
        b"content-type": b"application/json",
        b"content-length": b"%d" % len(body["body"]),
    }
    assert orjson.loads(body["body"]) == {"message": "Grüß"}


async def test_headers_can_be_added_until_it_is_sent() -> None:
    """As a mapping, and as raw pairs; cookies may repeat."""
    response = JSONResponse({}, headers={"X-Shop": "a"})
    response.headers["X-Shop"] = "b"
    response.headers.append("Set-Cookie", "a=1")
    response.raw_headers.append((b"set-cookie", b"b=2"))
    start, _ = await sent(response)
    assert (b"x-shop", b"b") in start["headers"]
    assert [value for name, value in start["headers"] if name == b"set-cookie"] == [b"a=1", b"b=2"]


async def test_headers_are_not_shared_between_answers() -> None:
    """What is added to one appears on no other."""
    JSONResponse({}).headers["x-leak"] = "1"
    assert "x-leak" not in JSONResponse({}).headers


async def test_encoded_json_is_sent_as_it_is() -> None:
    """A remembered answer is not encoded again."""
    start, body = await sent(JSONResponse.of_bytes(b'{"a":1}', 200))
    assert (b"content-length", b"7") in start["headers"]
    assert body["body"] == b'{"a":1}'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (dt.datetime(2026, 1, 31, 9, 30, tzinfo=dt.UTC), '"2026-01-31T09:30:00.000Z"'),
        (
            dt.datetime(2026, 1, 31, 9, 30, 0, 123456, dt.timezone(dt.timedelta(hours=2))),
            '"2026-01-31T07:30:00.123Z"',
        ),
        (dt.date(2026, 1, 31), '"2026-01-31"'),
        (MappingProxyType({"a": (1, 2)}), '{"a":[1,2]}'),
        (frozenset({1}), "[1]"),
        ({1: "a", None: "b"}, '{"1":"a","null":"b"}'),
        ({1: dt.date(2026, 1, 31)}, '{"1":"2026-01-31"}'),
    ],
)
def test_an_endpoint_may_return_ordinary_python_values(value: Any, text: str) -> None:
    """Dates take the wire's form, other mappings and sets become objects and arrays, keys become text."""
    assert encode_json(value).decode() == text


def test_what_json_cannot_hold_is_an_error() -> None:
    """Nothing is turned into its `repr` and sent."""
    with pytest.raises(TypeError):
        encode_json({"a": object()})


@pytest.mark.parametrize(("name", "value"), [("X-A", "b\r\nSet-Cookie: c=d"), ("X-A\n", "b"), ("X-A", "b\0")])
def test_no_header_can_start_another(name: str, value: str) -> None:
    """CVE-2020-7695: response splitting."""
    with pytest.raises(ValueError):
        encode_header(name, value)
