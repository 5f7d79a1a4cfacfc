"""Which endpoint a method and a path lead to: held to a slow search that tries everything in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headless import Collection, ConfigError, Endpoint, fields
from headless.routing import Owner, Router

WORDS = ("posts", "own", "globals", "shop", "count", "7")
SEGMENTS = st.sampled_from([*WORDS, "{x}", "{y}"])
PATHS = st.lists(SEGMENTS, max_size=3, unique=True).map(lambda segments: "/" + "/".join(segments))
ASKED = st.lists(st.sampled_from([*WORDS, ""]), max_size=4)


async def handler(request: object) -> None:
    """Answers nothing: it is only found."""


def endpoints() -> st.SearchStrategy[list[Endpoint]]:
    """Some endpoints, no two of which answer the same."""
    made = st.builds(Endpoint, st.sampled_from(["get", "post"]), PATHS, st.just(handler))

    def claimed(endpoint: Endpoint) -> tuple[str, tuple[str, ...]]:
        return endpoint.method, tuple("{}" if part[:1] == "{" else part for part in endpoint.path.split("/"))

    return st.lists(made, max_size=5, unique_by=claimed)


def ways(endpoint: Endpoint, segments: Sequence[str]) -> Iterator[tuple[tuple[bool, ...], dict[str, str]]]:
    """How the endpoint's path fits, if it does: where it has parameters, and their values."""
    parts = [part for part in endpoint.path.split("/") if part]
    is_parameter = tuple(part.startswith("{") for part in parts)
    fits = all(part == asked or (part.startswith("{") and asked) for part, asked in zip(parts, segments, strict=False))
    if len(parts) == len(segments) and fits:
        yield is_parameter, {part[1:-1]: asked for part, asked in zip(parts, segments, strict=True) if part[0] == "{"}


def best(table: Sequence[Endpoint], method: str, segments: Sequence[str]) -> tuple[Endpoint, dict[str, str]] | None:
    """Of the endpoints that fit, the one with words where others have parameters, from the left."""
    fitting = [
        (is_parameter, place, values)
        for place, endpoint in enumerate(table)
        if endpoint.method == method
        for is_parameter, values in ways(endpoint, segments)
    ]
    if not fitting:
        return None
    _, place, values = min(fitting, key=lambda found: found[:2])
    return table[place], values


def declared(slug: str, own: Sequence[Endpoint]) -> Collection:
    """A declaration with endpoints of its own."""
    return Collection(slug, fields=[fields.Text("title")], endpoints=own)


@given(endpoints(), endpoints(), endpoints(), endpoints(), st.sampled_from(["GET", "POST"]), ASKED)
def test_the_configs_endpoints_come_first_then_the_owners_then_the_generated_ones(
    config: list[Endpoint],
    own: list[Endpoint],
    made: list[Endpoint],
    generated: list[Endpoint],
    method: str,
    asked: list[str],
) -> None:
    """And within each of them a word is preferred to a parameter. An owner is a collection or a global."""
    collections = {"own": Owner(declared("own", own), made), "posts": Owner(declared("posts", ()), made)}
    router = Router(config, generated, collections, {"shop": Owner(declared("shop", own), made)})
    places: list[tuple[Sequence[Endpoint], str | None, int]] = [(config, None, 0)]
    if asked[:1] in (["own"], ["posts"]):
        places += [(own if asked[0] == "own" else (), asked[0], 1), (made, asked[0], 1)]
    elif asked[:2] == ["globals", "shop"]:
        places += [(own, "shop", 2), (made, "shop", 2)]
    places.append((generated, None, 0))
    expected = next(
        ((*fits, owner) for table, owner, above in places if (fits := best(table, method, asked[above:]))), None
    )
    found = router.find(method, asked)
    assert (None if found is None else (found[0].endpoint, found[1], found[0].slug)) == expected


def test_two_endpoints_of_one_path_are_a_mistake() -> None:
    """Also when their parameters have different names."""
    twice = [Endpoint("get", "/{a}", handler), Endpoint("get", "/{b}", handler)]
    with pytest.raises(ConfigError, match=r"two endpoints answer GET /\{b\}"):
        Router(twice, (), {}, {})
