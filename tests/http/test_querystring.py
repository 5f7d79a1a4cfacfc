"""Query strings with brackets: the grammar of `qs` as Payload's clients use it, its limits and its
refusals.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headless.errors import BadRequest
from headless.http.querystring import MAX_BYTES, MAX_DEPTH, MAX_PARAMETERS, Many, build, nest, parse, split

UNDERSTOOD: list[tuple[str, dict[str, Any]]] = [
    ("", {}),
    ("limit=10&page=2", {"limit": "10", "page": "2"}),
    ("where[title][equals]=Alpha+One", {"where": {"title": {"equals": "Alpha One"}}}),
    ("where[title][equals]=Alpha%20One", {"where": {"title": {"equals": "Alpha One"}}}),
    ("where%5Btitle%5D%5Bequals%5D=Gamma", {"where": {"title": {"equals": "Gamma"}}}),
    ("where[title][equals]=a%2Cb%26c", {"where": {"title": {"equals": "a,b&c"}}}),
    ("where[title][equals]=a=b", {"where": {"title": {"equals": "a=b"}}}),
    ("where[a=b][equals]=1", {"where": {"a=b": {"equals": "1"}}}),
    ("where[title][in][]=x", {"where": {"title": {"in": ["x"]}}}),
    ("where[title][in][]=x&where[title][in][]=y", {"where": {"title": {"in": ["x", "y"]}}}),
    ("where[title][in][1]=y&where[title][in][0]=x", {"where": {"title": {"in": ["x", "y"]}}}),
    (
        "where[or][0][b][in][]=x&where[or][1][c][equals]=1",
        {"where": {"or": [{"b": {"in": ["x"]}}, {"c": {"equals": "1"}}]}},
    ),
    ("where[or][][a]=1&where[or][][b]=2", {"where": {"or": [{"a": "1", "b": "2"}]}}),
    ("where[][equals]=1", {"where": [{"equals": "1"}]}),
    ("limit=1&limit=2", {"limit": ["1", "2"]}),
    ("a=1&a[]=2", {"a": ["1", "2"]}),
    ("a[]=1&a=2", {"a": ["1", "2"]}),
    ("a[7]=x&a[3]=y", {"a": ["y", "x"]}),
    ("a[1001]=x", {"a": {"1001": "x"}}),
    ("a[01]=x", {"a": {"01": "x"}}),
    ("a[0]=x&a[b]=y", {"a": {"0": "x", "b": "y"}}),
    ('where={"title":{"equals":"nope"}}', {"where": '{"title":{"equals":"nope"}}'}),
    ("sort=", {"sort": ""}),
    ("draft", {"draft": ""}),
    ("&&a=1&&", {"a": "1"}),
    ("=x&a=1", {"a": "1"}),
    ("a]=1", {"a]": "1"}),
    ("q=100%", {"q": "100%"}),
    ("q=%zz", {"q": "%zz"}),
    ("q=ü&r=%C3%BC", {"q": "ü", "r": "ü"}),
    ("where[version.title][equals]=one", {"where": {"version.title": {"equals": "one"}}}),
]


@pytest.mark.parametrize(("text", "expected"), UNDERSTOOD)
def test_a_query_string_is_read_as_payloads_clients_mean_it(text: str, expected: dict[str, Any]) -> None:
    """Brackets nest, `[]` and numbers make lists, repeated parameters make lists, the rest is text."""
    assert parse(text.encode()) == expected


@pytest.mark.parametrize("name", ["__proto__", "constructor", "__class__", "toString"])
def test_no_key_is_special(name: str) -> None:
    """CVE-2026-105844: `__proto__` and its kind are keys like others, so a filter on them is not dropped."""
    assert parse(f"where[{name}][equals]=1".encode()) == {"where": {name: {"equals": "1"}}}
    assert type(parse(f"{name}[{name}]=1".encode())[name]) is dict


@pytest.mark.parametrize(
    "text",
    ["a[b=1", "a[b]c=1", "a[b[c]]=1", "a[b]]=1", "[a]=1", "[]=1", "where%5Btitle%5D%5Bequals=1", "a[[]=1"],
)
def test_unpaired_brackets_are_refused(text: str) -> None:
    """`qs` drops what it cannot pair; here no part of a filter disappears silently."""
    with pytest.raises(BadRequest, match="bracket"):
        parse(text.encode())


@pytest.mark.parametrize("text", ["a=1&a[b]=2", "a[b]=2&a=1", "a[b]=1&a[]=2", "a[b][c]=1&a[b]=2", "a=1&a[b][c]=2"])
def test_a_parameter_is_either_a_value_or_an_object(text: str) -> None:
    """Where `qs` would invent a mixture, the request is refused."""
    with pytest.raises(BadRequest, match="both as a value and as an object"):
        parse(text.encode())


@pytest.mark.parametrize("raw", [b"a=%ff", b"%ff=a", b"a=\xff", b"a=%ED%A0%80", b"a=%00", b"a%00=1", b"a=\0"])
def test_text_that_no_database_holds_is_refused(raw: bytes) -> None:
    """Invalid UTF-8, lone surrogates and NUL are refused in keys and values, plain or encoded."""
    with pytest.raises(BadRequest):
        parse(raw)


def test_a_literal_percent_before_two_zeros_is_not_nul() -> None:
    """`%2500` stands for the text `%00`."""
    assert parse(b"a=%2500") == {"a": "%00"}


def test_limits_hold() -> None:
    """Too many parameters, too many levels and too many bytes are refused; the most that is allowed is
    read.
    """
    most = "&".join(f"a[{index}]=x" for index in range(MAX_PARAMETERS))
    assert len(parse(most.encode())["a"]) == MAX_PARAMETERS
    deepest = "a" + "[b]" * MAX_DEPTH
    assert parse(f"{deepest}=1".encode())
    for text in (most + "&b=1", f"{deepest}[b]=1", "a=" + "x" * MAX_BYTES):
        with pytest.raises(BadRequest):
            parse(text.encode())


def test_huge_indexes_make_no_huge_lists() -> None:
    """An index only orders: gaps are closed, and numbers beyond the limit are names, however long."""
    assert parse(b"a[1000]=x") == {"a": ["x"]}
    assert parse(b"a[" + b"9" * 5_000 + b"]=x") == {"a": {"9" * 5_000: "x"}}


def test_queries_of_one_shape_share_their_keys() -> None:
    """What is derived from the keys can be remembered and filled with other values."""
    keys, values = split(b"where[n][in][0]=1&where[n][in][1]=2&sort=-n&limit=5")
    other_keys, other_values = split(b"where[n][in][0]=7&where[n][in][1]=8&sort=n&limit=%35")
    assert keys == other_keys
    template = build(keys)
    assert template.tree == {"where": {"n": {"in": [0, 1]}}, "sort": 2, "limit": 3}
    assert template.fill(values) == {"where": {"n": {"in": ["1", "2"]}}, "sort": "-n", "limit": "5"}
    assert template.fill(other_values) == {"where": {"n": {"in": ["7", "8"]}}, "sort": "n", "limit": "5"}


def test_a_repeated_parameter_is_told_from_a_list_in_a_template() -> None:
    """A caller that allows a parameter once can see that it was given twice."""
    assert build(["a", "a"]).tree == {"a": Many((0, 1))}


def test_filling_a_template_gives_fresh_containers() -> None:
    """Changing one result changes no other."""
    template = build(["a[]", "b[c]"])
    first = template.fill(["1", "2"])
    first["a"].append("x")
    first["b"]["c"] = "x"
    assert template.fill(["1", "2"]) == {"a": ["1"], "b": {"c": "2"}}


def test_names_of_a_form_are_not_decoded_again() -> None:
    """A percent sign in the name of a multipart field is a percent sign."""
    assert nest(["100%25", "rows[0][a]"]).fill(["x", "y"]) == {"100%25": "x", "rows": [{"a": "y"}]}


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """No input raises anything but `BadRequest`, and what is read consists of plain dicts, lists and text."""
    try:
        data = parse(raw)
    except BadRequest:
        return
    assert _is_plain(data)


@given(st.text('ab01[]=&%+5B5D{}"é\0', max_size=120))
def test_hostile_brackets_are_read_or_refused(text: str) -> None:
    """The same for strings made of the characters that mean something."""
    try:
        data = parse(text.encode())
    except BadRequest:
        return
    assert _is_plain(data)


NAMES = st.text(st.characters(blacklist_characters="[]\0", blacklist_categories=["Cs"]), min_size=1, max_size=8)
VALUES = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=12)
# Names that are numbers make lists, and an object or a list without members has no spelling.
NESTED = st.recursive(
    VALUES,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=4)
        | st.dictionaries(NAMES.filter(lambda name: not name.isdigit()), inner, min_size=1, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, NESTED, max_size=4), st.sampled_from([quote, quote_plus]))
def test_what_is_written_is_read_back(data: dict[str, Any], encode: Any) -> None:
    """parse(stringify(x)) = x for nested mappings and lists of any text, in both ways of encoding."""
    pairs = [f"{encode(name)}={encode(value)}" for name, value in _pairs(data)]
    assert parse("&".join(pairs).encode()) == data


def _pairs(data: dict[str, Any]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    waiting = [(name, value) for name, value in reversed(data.items())]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, str):
            found.append((name, value))
        else:
            inner = list(value.items() if isinstance(value, dict) else enumerate(value))
            waiting += [(f"{name}[{key}]", child) for key, child in reversed(inner)]
    return found


def _is_plain(value: Any) -> bool:
    if type(value) is dict:
        return all(type(key) is str and _is_plain(child) for key, child in value.items())
    if type(value) is list:
        return all(map(_is_plain, value))
    return type(value) is str
