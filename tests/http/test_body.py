"""Request bodies: limits while they are read, JSON as JavaScript reads it, forms, and refusals that are
all 4xx.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect

from headless.errors import BadRequest, TooLarge
from headless.http.body import (
    MAX_FORM_FIELDS,
    MAX_JSON_DEPTH,
    UnsupportedMediaType,
    parse_data,
    parse_form,
    parse_json,
    read_body,
)

URLENCODED = b"application/x-www-form-urlencoded"
MULTIPART = b"multipart/form-data; boundary=edge"


def messages(*chunks: bytes, disconnects: bool = False) -> Callable[[], Awaitable[dict[str, Any]]]:
    """An ASGI `receive` that hands out these chunks."""
    waiting: list[dict[str, Any]] = [
        {"type": "http.request", "body": chunk, "more_body": disconnects or number < len(chunks)}
        for number, chunk in enumerate(chunks, 1)
    ]
    waiting += [{"type": "http.disconnect"}] if disconnects else []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    return receive


def multipart(*parts: tuple[str, str], extra: str = "") -> bytes:
    """A multipart body with the boundary `edge`."""
    texts = [
        f'--edge\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n{value}\r\n' for name, value in parts
    ]
    return ("".join(texts) + "--edge--\r\n").encode()


async def test_a_body_is_read_whole_from_its_chunks() -> None:
    """One chunk or several, the bytes are the same; none at all is an empty body."""
    assert await read_body(messages(b"abc"), 3) == b"abc"
    assert await read_body(messages(b"a", b"", b"bc"), 3) == b"abc"
    assert await read_body(messages(b""), 3) == b""


async def test_a_body_over_the_limit_is_refused_before_it_is_received() -> None:
    """Neither an announced nor a secret length gets more than the limit into memory."""
    with pytest.raises(TooLarge):
        await read_body(messages(), 3, b"4")
    with pytest.raises(TooLarge):
        await read_body(messages(b"ab", b"cd", b"never read"), 3)
    with pytest.raises(TooLarge):
        await read_body(messages(), 3, b"9" * 5_000)


@pytest.mark.parametrize("length", [b"-1", b"abc", b"", "١".encode()])
async def test_a_length_that_is_no_number_is_refused(length: bytes) -> None:
    """The Content-Length header is digits."""
    with pytest.raises(BadRequest):
        await read_body(messages(b"a"), 3, length)


async def test_a_client_that_leaves_is_noticed() -> None:
    """Half a body is never taken for a whole one."""
    with pytest.raises(ClientDisconnect):
        await read_body(messages(b"a", disconnects=True), 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"title": "ü"}', {"title": "ü"}),
        ('{"a": 1, "a": 2}', {"a": 2}),
        ('{"a": 9223372036854775807}', {"a": 9223372036854775807}),
        ('{"a": [-9223372036854775808]}', {"a": [-9223372036854775808]}),
        ('{"a": "\\\\u0000"}', {"a": "\\u0000"}),
        ('{"a": 1e308}', {"a": 1e308}),
        ("", {}),
    ],
)
def test_json_is_read_as_javascript_reads_it(text: str, expected: Any) -> None:
    """The last of duplicate keys wins, and an empty body is an empty object."""
    assert parse_json(text.encode()) == expected


@pytest.mark.parametrize("number", [2**63, 2**64 - 1, 2**64, -(2**63) - 1])
def test_integers_beyond_64_bits_become_floats(number: int) -> None:
    """As in JavaScript; the databases could not hold them as integers."""
    for text in (f'{{"a": {number}}}', f'{{"a": [{{"b": {number}}}]}}'):
        value = parse_json(text.encode())["a"]
        value = value[0]["b"] if isinstance(value, list) else value
        assert type(value) is float
        assert value == float(number)


@pytest.mark.parametrize("text", ["{bad", "NaN", '{"a": Infinity}', "{'a': 1}", '{"a": 1}x', "\ufeff{}", '{"a":\0}'])
def test_malformed_json_is_refused_in_payloads_words(text: str) -> None:
    """The message is the recorded one."""
    with pytest.raises(BadRequest, match=r"^Invalid JSON$"):
        parse_json(text.encode())


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"a": 1e999}', "too large"),
        (b'{"a": ' + b"7" * 5_000 + b"}", "too large"),
        (b'{"a": "\\ud800"}', "Unicode"),
        (b'{"\\udc00": 1}', "Unicode"),
        (b'{"a": "\xed\xa0\x80"}', "Unicode"),
        (b'{"a": "\\u0000"}', "NUL"),
        (b'{"a\\u0000": 1}', "NUL"),
        (b'{"a": [{"b": "x\\u0000"}]}', "NUL"),
        (b'{"a": "\\\\\\u0000"}', "NUL"),
        (b"[" * 100_000, "deeper"),
        (b'{"a":' * 900 + b"1" + b"}" * 900, "deeper"),
        (b"[]", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b"5", "must be a JSON object"),
    ],
)
def test_json_that_no_document_can_hold_is_refused_with_its_reason(body: bytes, message: str) -> None:
    """Numbers, text and nesting beyond what is storable are the client's mistakes, each said clearly."""
    with pytest.raises(BadRequest, match=message):
        parse_json(body)


def test_nesting_is_limited_exactly() -> None:
    """The deepest allowed nesting is read and one level more is refused, of objects and of arrays alike."""
    for opening, closing in ((b'{"a":', b"}"), (b"[", b"]")):
        parse_json(opening * MAX_JSON_DEPTH + b"1" + closing * MAX_JSON_DEPTH, require_object=False)
        with pytest.raises(BadRequest):
            parse_json(opening * (MAX_JSON_DEPTH + 1) + b"1" + closing * (MAX_JSON_DEPTH + 1), require_object=False)


def test_wide_json_is_not_deep() -> None:
    """Many brackets side by side are no nesting."""
    rows = [{"n": number, "inner": {}} for number in range(500)]
    assert parse_json(orjson.dumps({"rows": rows})) == {"rows": rows}


def test_other_values_are_read_where_no_object_is_required() -> None:
    """Preferences, for one, hold any JSON value."""
    assert parse_json(b"[1, null]", require_object=False) == [1, None]


@given(st.binary(max_size=200) | st.text('{}[]",:\\u0d890-e+.ab', max_size=60).map(str.encode))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    """No bytes raise anything but `BadRequest`."""
    try:
        data = parse_json(body)
    except BadRequest:
        return
    assert isinstance(data, dict)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcü", max_size=4), inner, max_size=4),
    max_leaves=30,
)


@given(st.dictionaries(st.text("abc", max_size=3), JSON, max_size=4))
def test_storable_json_comes_through_unchanged(data: dict[str, Any]) -> None:
    """The checks neither refuse nor change what they are not about."""
    assert parse_json(orjson.dumps(data)) == data


async def test_a_forms_payload_field_holds_the_data() -> None:
    """As Payload's clients send it, in either kind of form; other fields beside it are not data."""
    body = multipart(("other", "x"), ("_payload", '{"title": "via form"}'))
    assert await parse_data(MULTIPART, body) == {"title": "via form"}
    assert await parse_data(URLENCODED, b"_payload=%7B%22title%22%3A+%22a%22%7D") == {"title": "a"}
    with pytest.raises(BadRequest, match=r"^Invalid JSON$"):
        await parse_data(MULTIPART, multipart(("_payload", "{bad")))


async def test_a_plain_form_is_nested_by_its_brackets() -> None:
    """A form written by hand in HTML can create a document."""
    expected = {"title": "a b", "rows": [{"n": "1"}, {"n": "2"}]}
    assert await parse_data(URLENCODED, b"title=a+b&rows[0][n]=1&rows%5B1%5D%5Bn%5D=2") == expected
    parts = [("title", "a b"), ("rows[0][n]", "1"), ("rows[1][n]", "2")]
    assert await parse_data(MULTIPART, multipart(*parts)) == expected


async def test_a_form_without_fields_is_empty() -> None:
    """A page may send a form that has only its button."""
    assert await parse_form(MULTIPART, multipart()) == []
    assert await parse_form(URLENCODED, b"") == []


async def test_form_fields_keep_their_order_and_repetitions() -> None:
    """Multiple selects and reordered rows depend on it."""
    fields = [("b", "1"), ("a", "2"), ("b", "3")]
    assert await parse_form(URLENCODED, b"b=1&a=2&b=3") == fields
    assert await parse_form(MULTIPART, multipart(*fields)) == fields


@pytest.mark.parametrize(
    "content_type",
    [b"application/json", b"Application/JSON; charset=utf-8", b"application/vnd.api+json", b"", None],
)
async def test_json_is_recognized_by_its_content_type(content_type: bytes | None) -> None:
    """Also as one of its relatives, and where the client says nothing."""
    assert await parse_data(content_type, b'{"title": "x"}') == {"title": "x"}


@pytest.mark.parametrize("content_type", [b"text/plain", b"application/xml", b"\xff\xfe", b"json", b"text/json" * 99])
async def test_other_content_types_are_refused(content_type: bytes) -> None:
    """415 with the remedy; but without a body there is nothing to misunderstand."""
    with pytest.raises(UnsupportedMediaType, match="application/json"):
        await parse_data(content_type, b'{"title": "x"}')
    assert await parse_data(content_type, b"") == {}


@pytest.mark.parametrize(
    "content_type",
    [
        b"multipart/form-data",
        b"multipart/form-data; boundary=",
        b'multipart/form-data; boundary=""',
        b'multipart/form-data; boundary="edge',
        b"multipart/form-data; boundary=\xff\xfe",
        b"multipart/form-data; boundary=other",
        b"multipart/form-data; boundary=" + b"x" * 10_000,
        b"multipart/form-data; boundary=edge; charset=idna",
        b"multipart/form-data; boundary=edge; charset=rot13",
        b"multipart/form-data; boundary=edge; charset=undefined",
        b"multipart/form-data; " + b"a=" * 4_000,
        b'multipart/form-data; boundary="' + b"\\" * 10_000,
        b"multipart/form-data;" + b" ;" * 5_000,
        b"multipart/form-data; boundary*0=ed; boundary*1=ge",
        b"multipart/form-data; boundary*=utf-8''edge",
    ],
)
async def test_hostile_multipart_types_are_refused(content_type: bytes) -> None:
    """CVE-2026-105854, CVE-2024-24762: shapes of the header that once cost time or crashed parsers."""
    with pytest.raises(BadRequest):
        await parse_form(content_type, multipart(("a", "b")))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--edge",
        b"--edge\r\n\r\n",
        multipart(("a", "1"), ("b", "2")).partition(b"2")[0],
        multipart(("a", "1"), ("b", "2")).removesuffix(b"--\r\n"),
        b"--edge\r\nContent-Disposition: form-data\r\n\r\nx\r\n--edge--\r\n",
        b"--edge\r\n" + b"X-Header: " + b"a" * 100_000,
        b"--edge\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
        b"\r\n" * 50_000 + b"--edge\r\n",
        multipart(("a", "\0")),
        multipart(("a", "b")).replace(b"b", b"\xff"),
        multipart(("file", "bytes"), extra='; filename="../../etc/passwd"'),
        multipart(*[("a", "b")] * (MAX_FORM_FIELDS + 1)),
        multipart(("a", "x" * (1024 * 1024 + 1))),
    ],
)
async def test_hostile_multipart_bodies_are_refused(body: bytes) -> None:
    """CVE-2023-24580, CVE-2026-42561: too many parts, huge part headers, padding, and files, which go
    elsewhere.
    """
    with pytest.raises(BadRequest):
        await parse_form(MULTIPART, body)


async def test_a_urlencoded_form_has_limits_too() -> None:
    """CVE-2026-54283: the limits are not only multipart's."""
    for body in (b"a=1&" * (MAX_FORM_FIELDS + 1), b"a=" + b"x" * 2_000_000, b"a=%00", b"a=%ff"):
        with pytest.raises(BadRequest):
            await parse_form(URLENCODED, body)


@given(st.binary(max_size=60), st.binary(max_size=120), st.sampled_from([b"", b"\r\n"]))
async def test_any_multipart_is_read_or_refused(header: bytes, body: bytes, newline: bytes) -> None:
    """No part header or body raises anything but `BadRequest`."""
    start = b"--edge\r\nContent-Disposition: form-data; " + header + newline
    try:
        fields = await parse_form(MULTIPART, start + b"\r\n\r\n" + body + b"\r\n--edge--")
    except BadRequest:
        return
    assert all(type(text) is str for field in fields for text in field)
