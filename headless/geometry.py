"""Points on the globe: how far apart they are, and whether one lies in a polygon of GeoJSON (RFC 7946)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

EARTH_RADIUS: Final = 6_371_008.8
"""Metres, the mean radius of the WGS 84 ellipsoid."""
MOST_POSITIONS: Final = 10_000

Position = tuple[float, float]
Ring = tuple[Position, ...]
Polygons = tuple[tuple[Ring, ...], ...]
"""Polygons, each an outer ring and the holes in it. The last position of a ring is the first again."""


def distance(a: Sequence[float], b: Sequence[float]) -> float:
    """Metres along the great circle between two points of longitude and latitude, by the haversine formula."""
    (lng_a, lat_a), (lng_b, lat_b) = [(math.radians(lng), math.radians(lat)) for lng, lat in (a, b)]
    half = math.sin((lat_b - lat_a) / 2) ** 2
    half += math.cos(lat_a) * math.cos(lat_b) * math.sin((lng_b - lng_a) / 2) ** 2
    return 2 * EARTH_RADIUS * math.asin(min(1.0, math.sqrt(half)))


def is_position(value: Any) -> bool:
    """Whether a value is a longitude and a latitude in degrees."""
    return (
        isinstance(value, list | tuple)
        and len(value) == 2
        and all(isinstance(part, int | float) and not isinstance(part, bool) for part in value)
        and -180 <= value[0] <= 180
        and -90 <= value[1] <= 90
    )


def parse_polygons(given: Any) -> Polygons:
    """Reads a GeoJSON Polygon or MultiPolygon; numbers may be texts. Raises ValueError for anything else."""
    if not isinstance(given, Mapping):
        raise ValueError("a polygon is a GeoJSON object with type and coordinates")
    kind, coordinates = given.get("type"), given.get("coordinates")
    if kind == "Polygon":
        coordinates = [coordinates]
    elif kind != "MultiPolygon":
        raise ValueError("the type of a GeoJSON geometry here is Polygon or MultiPolygon")
    polygons = tuple(tuple(_ring(ring) for ring in _list(polygon)) for polygon in _list(coordinates))
    if not polygons or not all(polygons):
        raise ValueError("a polygon has at least one ring of positions")
    if sum(len(ring) for polygon in polygons for ring in polygon) > MOST_POSITIONS:
        raise ValueError(f"a geometry has at most {MOST_POSITIONS} positions")
    return polygons


def _list(given: Any) -> Sequence[Any]:
    if not isinstance(given, list | tuple):
        raise ValueError("the coordinates of a polygon are lists of rings of positions")
    return given


def _ring(given: Any) -> Ring:
    ring = tuple(_position(item) for item in _list(given))
    if len(ring) < 4 or ring[0] != ring[-1]:
        raise ValueError("a ring has four or more positions, of which the last is the first again")
    return ring


def _position(given: Any) -> Position:
    try:
        position = tuple(float(part) for part in _list(given)[:2])
    except (TypeError, ValueError):
        position = ()
    if not is_position(position):
        raise ValueError("a position is a longitude from -180 to 180 and a latitude from -90 to 90")
    return position[0], position[1]


def is_inside(point: Sequence[float], polygons: Polygons, *, edges: bool) -> bool:
    """Whether a point lies in one of the polygons and not in its holes. `edges` says whether their edges count."""
    return any(_in_polygon(point, polygon, edges) for polygon in polygons)


def _in_polygon(point: Sequence[float], polygon: tuple[Ring, ...], edges: bool) -> bool:
    if any(_on_ring(point, ring) for ring in polygon):
        return edges
    return _in_ring(point, polygon[0]) and not any(_in_ring(point, hole) for hole in polygon[1:])


def _on_ring(point: Sequence[float], ring: Ring) -> bool:
    x, y = point
    for (x1, y1), (x2, y2) in pairwise(ring):
        straight = (x2 - x1) * (y - y1) == (y2 - y1) * (x - x1)
        if straight and min(x1, x2) <= x <= max(x1, x2) and min(y1, y2) <= y <= max(y1, y2):
            return True
    return False


def _in_ring(point: Sequence[float], ring: Ring) -> bool:
    """By the number of edges that a line from the point crosses."""
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside
