"""Plain scalars mean what the core schema of YAML 1.2 says, whoever writes them."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headless.loader.document import parse
from headless.loader.mistakes import Mistakes

CORE: tuple[tuple[str, Any], ...] = (
    (r"null|Null|NULL|~|", lambda text: None),
    (r"true|True|TRUE", lambda text: True),
    (r"false|False|FALSE", lambda text: False),
    (r"[-+]?[0-9]+", int),
    (r"0o[0-7]+", lambda text: int(text, 8)),
    (r"0x[0-9a-fA-F]+", lambda text: int(text, 16)),
    (r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", float),
    (r"[-+]?(\.inf|\.Inf|\.INF)", lambda text: -math.inf if text[0] == "-" else math.inf),
    (r"\.nan|\.NaN|\.NAN", lambda text: math.nan),
)
"""The table of section 10.3.2, as it stands there."""

SPECIAL_ONCE = [
    "on", "On", "off", "yes", "Yes", "no", "NO", "y", "n", "2026-01-31", "2026-01-31T09:30:00Z", "2026-01-31 09:30:00",
    "1:30", "190:20:30", "1_000", "0b1", "0b1010", "0777", "0o777", "0xFF", "0o8", "+.inf", "-.INF", ".Nan", "inf",
    "nan", "1e3", "1.", ".5", "-.5", ".", "-", "+", "1e", "e3", "0x", "tRUE", "nULL", "~~", "=", "<<", "12e03", "+12",
    "1,000", "1.2.3", "-0", "00", "0.0", "685.230_15e+03", "None", "none", "NaN",
]  # fmt: skip

near_numbers = st.text("0123456789+-.eExob_:aAfFiInN~", min_size=0, max_size=8)
from_the_table = st.one_of([st.from_regex(rf"\A(?:{pattern})\Z") for pattern, _ in CORE])


def model(text: str) -> Any:
    return next((read(text) for pattern, read in CORE if re.fullmatch(pattern, text)), text)


def is_plain(text: str) -> bool:
    """Whether the text can stand behind `value: ` as it is."""
    return not re.search(r"\A[-?:](\Z|[ \t])|\A[=<]*\Z(?<!.)|: |:\Z", text) and "\n" not in text


def read(written: str) -> Any:
    mistakes = Mistakes()
    node = parse(f"value: {written}\n", Path("headless.yaml"), mistakes)
    mistakes.raise_all()
    return node.value["value"].value


def same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return type(one) is type(other) and bool(one == other)


@settings(deadline=None)
@given(st.one_of(near_numbers, from_the_table, st.sampled_from(SPECIAL_ONCE)).filter(is_plain))
def test_a_plain_scalar_is_what_the_core_schema_says(text: str) -> None:
    """Numbers, truth and null as in the table, everything else text."""
    assert same(read(text), model(text)), text


@settings(deadline=None)
@given(st.one_of(near_numbers, from_the_table, st.sampled_from(SPECIAL_ONCE)))
def test_a_quoted_scalar_is_a_text(text: str) -> None:
    """Quotes end every doubt."""
    assert read(f'"{text}"') == text
    assert read(f"'{text}'") == text
    assert read(f"!!str '{text}'") == text


@pytest.mark.parametrize(
    "text",
    ["on", "off", "yes", "no", "y", "n", "2026-01-31", "2026-01-31T09:30:00Z", "1:30", "1_000", "0b1", "=", "1,5"],
)
def test_what_was_special_once_is_text(text: str) -> None:
    """YAML 1.1 knew truth, dates, sixties and underscores where 1.2 knows texts."""
    assert read(text) == text


@pytest.mark.parametrize(
    ("written", "value"),
    [("0777", 777), ("0o777", 511), ("0xfF", 255), ("1e3", 1000.0), ("+12", 12), ("~", None), ("", None)],
)
def test_numbers_and_null(written: str, value: Any) -> None:
    """A leading zero does not make a number octal; `0o` does."""
    assert same(read(written), value)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("!!int '12'", 12),
        ("!!float 1", 1.0),
        ("!!bool 'true'", True),
        ("!!null ''", None),
        ("! 12", "12"),
        ("!!str", ""),
    ],
)
def test_tags_of_the_core_schema_are_read(written: str, value: Any) -> None:
    """`!!int` and its like say what a scalar is."""
    assert same(read(written), value)


def test_keys_are_read_like_values() -> None:
    """`on` needs no quotes as a key either."""
    node = parse("{on: 1, no: 2, 1:30: 3}", Path("headless.yaml"), Mistakes())
    assert node.data() == {"on": 1, "no": 2, "1:30": 3}
