"""Point: degrees, and what is near, within and on the edge of an area."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headless import Collection, Config, anyone, fields
from headless.geometry import EARTH_RADIUS, distance, is_inside, parse_polygons
from headless.testing import TestClient
from tests.fields.verdict import Refused, verdict

INVALID = Refused("This field has an invalid input.")
SQUARE = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]
HOLE = [[4, 4], [6, 4], [6, 6], [4, 6], [4, 4]]
WITH_HOLE = {"type": "Polygon", "coordinates": [SQUARE, HOLE]}
TOWNS = {
    "Berlin": [13.405, 52.52], "Potsdam": [13.0645, 52.3906], "Hamburg": [9.9937, 53.5511], "Nowhere": None,
    "Suva": [178.4419, -18.1416],
}  # fmt: skip


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    towns = Collection("towns", access=anyone, fields=[
        fields.Text("name"), fields.Point("place"), fields.Array("stops", fields=[fields.Point("at")]),
    ])  # fmt: skip
    with TestClient(Config(collections=[towns])) as client:
        for name, place in TOWNS.items():
            client.create("towns", {"name": name, "place": place, "stops": [{"at": place}] if place else []})
        yield client


def found(client: TestClient, query: str) -> list[str]:
    answer = client.get(f"/api/towns?{query}")
    assert answer.status_code == 200, answer.text
    return [doc["name"] for doc in answer.json()["docs"]]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([12.5, -3.25], [12.5, -3.25]), (["10", "20"], [10, 20]), ([-180, 90], [-180, 90]), ([0, 0], [0, 0]),
        (None, None),
        ([181, 0], Refused("Longitude must be between -180 and 180.")),
        ([0, 91], Refused("Latitude must be between -90 and 90.")),
        ([1], INVALID), ([1, 2, 3], INVALID), ([], INVALID), (["a", "b"], INVALID), ([True, 1], INVALID),
        ("1,2", INVALID), ({"lng": 1}, INVALID), ([None, None], INVALID), ([math.inf, 0], INVALID),
    ],
)  # fmt: skip
def test_values(value: Any, expected: Any) -> None:
    """Two numbers in range; anything else is refused, nothing is made of half of it."""
    assert verdict(fields.Point("place"), value) == expected


def test_without_a_value_there_is_no_key(client: TestClient) -> None:
    """Never given, or cleared."""
    made = client.create("towns", {"name": "Late", "place": [1, 2]})
    assert "place" in made
    cleared = client.patch(f"/api/towns/{made['id']}", json={"place": None}).json()["doc"]
    assert "place" not in cleared
    assert "place" not in client.get(f"/api/towns/{made['id']}").json()
    client.delete(f"/api/towns/{made['id']}")


def test_near_gives_the_nearest_first(client: TestClient) -> None:
    """Within the most metres and beyond the least; an order that is asked for goes before."""
    assert found(client, "where[place][near]=13.4,52.5") == ["Berlin", "Potsdam", "Hamburg", "Suva"]
    assert found(client, "where[place][near]=13.4,52.5,300000") == ["Berlin", "Potsdam", "Hamburg"]
    assert found(client, "where[place][near]=13.4,52.5,300000,10000") == ["Potsdam", "Hamburg"]
    assert found(client, "where[place][near]=13.4,52.5,300000&sort=name") == ["Berlin", "Hamburg", "Potsdam"]
    assert found(client, "where[place][near]=13.4,52.5&limit=1&page=2") == ["Potsdam"]
    assert found(client, "where[stops.at][near]=13.4,52.5,5000") == ["Berlin"]
    either = "where[or][0][place][near]=13.4,52.5,5000&where[or][1][name][equals]=Nowhere&sort=name"
    assert found(client, either) == ["Berlin", "Nowhere"]


def test_within_and_intersects_take_areas(client: TestClient) -> None:
    """As JSON or in brackets."""
    area = "%s][type]=Polygon" + "".join(
        f"&where[place][%s][coordinates][0][{at}][{axis}]={value}"
        for at, position in enumerate([[13, 52], [14, 52], [14, 53], [13, 53], [13, 52]])
        for axis, value in enumerate(position)
    )
    for operator in ("within", "intersects"):
        assert sorted(found(client, "where[place][" + area.replace("%s", operator))) == ["Berlin", "Potsdam"]


@pytest.mark.parametrize(
    "query",
    [
        "near]=1", "near]=x,y", "near]=1,2,3,4,5", "near]=200,0", "near]=1,2,x", "near]=nan,1", "near]=1,2,nan",
        "within]=here", "within][type]=Point", "within]={}", 'within]={"type":"Polygon","coordinates":[]}',
        'within]={"type":"Polygon","coordinates":[[[0,0],[1,1]]]}',
        'within]={"type":"Polygon","coordinates":[[[0,0],[0,999],[1,1],[0,0]]]}', 'within]={"type":"Polygon"}',
        'intersects]={"type":"Polygon","coordinates":[[["a","b"],[0,1],[1,1],["a","b"]]]}', "like]=1", "near]=",
    ],
)  # fmt: skip
def test_what_is_no_place_is_refused(client: TestClient, query: str) -> None:
    """With 400 and what was expected."""
    assert client.get(f"/api/towns?where[place][{query}").status_code == 400


@pytest.mark.parametrize(
    ("point", "within", "intersects"),
    [
        ([1, 1], True, True), ([5, 5], False, False), ([4, 5], False, True), ([0, 5], False, True),
        ([0, 0], False, True), ([-1, 5], False, False), ([11, 10], False, False), ([5, 7], True, True),
    ],
)  # fmt: skip
def test_holes_are_outside_and_edges_only_intersect(point: list[float], within: bool, intersects: bool) -> None:
    """A point on an edge, of the area or of a hole, is not within."""
    polygons = parse_polygons(WITH_HOLE)
    assert is_inside(point, polygons, edges=False) is within
    assert is_inside(point, polygons, edges=True) is intersects


def test_distances_are_those_of_the_globe() -> None:
    """A quarter of the equator, pole to pole, and across the 180th meridian."""
    quarter = math.pi / 2 * EARTH_RADIUS
    assert distance([0, 0], [90, 0]) == pytest.approx(quarter)
    assert distance([0, 90], [77, -90]) == pytest.approx(2 * quarter)
    assert distance([179.5, 0], [-179.5, 0]) == pytest.approx(quarter / 90)


places = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


@given(places, places)
def test_distance_is_symmetric_and_never_more_than_half_around(a: Any, b: Any) -> None:
    """Whatever the points."""
    assert 0 <= distance(a, b) == pytest.approx(distance(b, a))
    assert distance(a, b) <= math.pi * EARTH_RADIUS * 1.000001
