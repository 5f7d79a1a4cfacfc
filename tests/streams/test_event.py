"""No value can forge a field or an event, and every cursor that is not ours is recognised."""

from __future__ import annotations

import orjson
import pytest

from headless.events import Event, encode_event, format_event
from headless.streams.event import UNINTELLIGIBLE, parse_cursor, render


def test_an_event_is_written_as_the_standard_says() -> None:
    """Id, name and data, one line each, ended by an empty line."""
    assert format_event("create", {"a": "ä"}, 7) == 'id: 7\nevent: create\ndata: {"a":"ä"}\n\n'.encode()


@pytest.mark.parametrize("name", [None, ""])
def test_an_event_without_a_name_has_no_name_line(name: str | None) -> None:
    """The browser then calls it `message`."""
    assert format_event(name, b"x") == b"data: x\n\n"


@pytest.mark.parametrize("line_break", ["\n", "\r", "\r\n"])
def test_a_line_break_in_the_data_cannot_begin_another_field(line_break: str) -> None:
    """Each line of the data is a data line of its own, whatever it says."""
    forged = line_break.join(["one", "event: forged", "", "id: 9"])
    assert format_event("real", forged) == b"event: real\ndata: one\ndata: event: forged\ndata: \ndata: id: 9\n\n"


@pytest.mark.parametrize("evil", ["a\nid: 9", "a\rid: 9", "a\r\n\r\nid: 9", "a\0id: 9"])
def test_a_line_break_in_name_or_id_is_removed(evil: str) -> None:
    """Name and id are one line each."""
    assert format_event(evil, "x", evil) == b"id: aid: 9\nevent: aid: 9\ndata: x\n\n"


def test_nul_and_half_surrogates_do_not_reach_the_wire() -> None:
    """What UTF-8 or the standard does not allow is removed or replaced."""
    assert format_event("a", "x\0y\ud800") == b"event: a\ndata: xy?\n\n"


def test_only_the_standard_line_breaks_break_a_line() -> None:
    """Other separators of Unicode are data."""
    assert format_event("a", "x\u2028y\x0bz") == "event: a\ndata: x\u2028y\x0bz\n\n".encode()


@pytest.mark.parametrize(
    ("event", "data"),
    [
        (
            Event("update", "posts", 5, 7, {"id": 7}, None, ("title",)),
            {"collection": "posts", "id": 7, "operation": "update", "doc": {"id": 7}, "changed": ["title"]},
        ),
        (Event("leave", "posts", 5, "x"), {"collection": "posts", "id": "x", "operation": "leave"}),
        (Event("snapshot", "posts", 5, docs=[]), {"collection": "posts", "operation": "snapshot", "docs": []}),
        (Event("reset", "posts", 5), {"collection": "posts", "operation": "reset"}),
    ],
)
def test_each_event_has_its_data(event: Event, data: object) -> None:
    """Collection, id and operation, and of the rest only what there is."""
    lines = (render(encode_event, event) or b"").decode().splitlines()
    assert lines[:2] == ["id: 5", f"event: {event.name}"]
    assert orjson.loads(lines[2].removeprefix("data: ")) == data


@pytest.mark.parametrize(
    ("text", "cursor"),
    [
        (None, None),
        ("", None),
        ("  ", None),
        ("17", 17),
        (" 17 ", 17),
        ("0", 0),
        *[
            (hostile, UNINTELLIGIBLE)
            for hostile in (
                "-1",
                "1.0",
                "1e3",
                "0x1",
                "1_0",
                "٣",
                "abc",
                "1 2",
                "9" * 19,
                "9" * 5_000,
                "1\n2",
                "\0",
                "'--",
            )
        ],
    ],
)
def test_a_cursor_is_a_plain_number_or_unintelligible(text: str | None, cursor: int | None) -> None:
    """A header may say anything; only what the platform wrote itself is a cursor."""
    assert parse_cursor(text) == cursor
