"""The functions that the platform's statements call, as SQL that creates them in the current schema."""

from __future__ import annotations

import zlib
from typing import Final

import sqlalchemy as sa

from headless.database.postgresql.engine import run_script
from headless.database.system import versions
from headless.geometry import EARTH_RADIUS
from headless.lexical.blocks import FIELDS, TYPES
from headless.lexical.plain import JOINED

FOLD: Final = "headless_fold"
WRITTEN: Final = "headless_written"
BLOCKS: Final = "headless_blocks"
DISTANCE: Final = "headless_distance"
INSIDE: Final = "headless_inside"

_HEAD: Final = "CREATE OR REPLACE FUNCTION {} LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $body$ {} $body$"

_FOLD_TEXT: Final = """SELECT lower(value COLLATE "und-x-icu") COLLATE "C" """
_FOLD_EXACT: Final = f"""SELECT CASE
    WHEN value = trunc(value) AND abs(value) < 9223372036854775808 THEN CAST(trunc(value) AS text)
    ELSE {FOLD}(CAST(value AS double precision))
END"""
# As Python writes numbers: whole ones without a point, others in as few digits as tell them apart.
_FOLD_NUMBER: Final = """SELECT CASE
    WHEN value = trunc(value) AND abs(value) < 9223372036854775808 THEN CAST(CAST(value AS bigint) AS text)
    WHEN abs(value) >= 1e15 AND abs(value) < 1e16 THEN CAST(CAST(CAST(value AS text) AS numeric) AS text)
    ELSE CAST(value AS text)
END"""

_WRITTEN: Final = f"""
WITH RECURSIVE parts(place, key, value) AS (
    SELECT ARRAY[]::bigint[], '', value
    UNION ALL
    SELECT parts.place || member.place, member.key, member.value FROM parts, LATERAL (
        SELECT key, value, place FROM json_each(
            CASE WHEN json_typeof(parts.value) = 'object' THEN parts.value ELSE '{{}}' END
        ) WITH ORDINALITY AS members(key, value, place) WHERE key <> '{FIELDS}'
        UNION ALL
        SELECT '', value, place FROM json_array_elements(
            CASE WHEN json_typeof(parts.value) = 'array' THEN parts.value ELSE '[]' END
        ) WITH ORDINALITY AS members(value, place)
    ) AS member
), words AS (
    SELECT place, key, value #>> '{{}}' AS word FROM parts
    WHERE key IN ('text', 'type') AND json_typeof(value) = 'string'
)
SELECT string_agg(
    CASE WHEN key = 'text' THEN word WHEN word NOT IN ({", ".join(f"'{name}'" for name in JOINED)}) THEN chr(10) END,
    '' ORDER BY place
) FROM words
"""  # noqa: S608

_CHILDREN: Final = "json_array_elements(CASE WHEN json_typeof({0}) = 'array' THEN {0} ELSE '[]' END)"
_BLOCKS: Final = f"""
WITH RECURSIVE nodes(node) AS (
    SELECT child FROM {_CHILDREN.format("(value #> '{root,children}')")} AS members(child)
    UNION ALL
    SELECT child FROM nodes, LATERAL {_CHILDREN.format("(node -> 'children')")} AS members(child)
)
SELECT node -> '{FIELDS}' FROM nodes
WHERE node ->> 'type' IN ({", ".join(f"'{name}'" for name in TYPES)}) AND json_typeof(node -> '{FIELDS}') = 'object'
"""  # noqa: S608

# A square of less would be none, which PostgreSQL takes for an error.
_HAVERSINE: Final = "CASE WHEN abs({0}) < 1e-100 THEN 0 ELSE power(sin({0} / 2), 2) END"
_DISTANCE: Final = f"""
SELECT 2 * {EARTH_RADIUS} * asin(least(1.0, sqrt(
    {_HAVERSINE.format("(lat_b - lat_a)")} + cos(lat_a) * cos(lat_b) * {_HAVERSINE.format("(lng_b - lng_a)")}
))) FROM (SELECT
    radians(CAST(a ->> 0 AS double precision)) AS lng_a, radians(CAST(a ->> 1 AS double precision)) AS lat_a,
    radians(CAST(b ->> 0 AS double precision)) AS lng_b, radians(CAST(b ->> 1 AS double precision)) AS lat_b
) AS points WHERE a IS NOT NULL AND b IS NOT NULL
"""  # noqa: S608

_INSIDE: Final = """
WITH point AS (
    SELECT CAST(point ->> 0 AS double precision) AS x, CAST(point ->> 1 AS double precision) AS y
), positions AS (
    SELECT polygon, ring, place, CAST(position ->> 0 AS double precision) AS x2,
        CAST(position ->> 1 AS double precision) AS y2,
        lag(CAST(position ->> 0 AS double precision)) OVER along AS x1,
        lag(CAST(position ->> 1 AS double precision)) OVER along AS y1
    FROM jsonb_array_elements(polygons) WITH ORDINALITY AS a(rings, polygon),
        jsonb_array_elements(rings) WITH ORDINALITY AS b(positions, ring),
        jsonb_array_elements(positions) WITH ORDINALITY AS c(position, place)
    WINDOW along AS (PARTITION BY polygon, ring ORDER BY place)
), rings AS (
    SELECT polygon, ring,
        bool_or(
            (x2 - x1) * (y - y1) = (y2 - y1) * (x - x1)
            AND x BETWEEN least(x1, x2) AND greatest(x1, x2) AND y BETWEEN least(y1, y2) AND greatest(y1, y2)
        ) AS touched,
        count(*) FILTER (
            WHERE CASE WHEN (y1 > y) <> (y2 > y) THEN x < (x2 - x1) * (y - y1) / (y2 - y1) + x1 ELSE false END
        ) % 2 = 1 AS entered
    FROM positions, point WHERE place > 1 GROUP BY polygon, ring
), areas AS (
    SELECT bool_or(touched) AS touched, bool_or(entered AND ring = 1) AND NOT bool_or(entered AND ring > 1) AS entered
    FROM rings GROUP BY polygon
)
SELECT CASE WHEN point IS NULL THEN NULL ELSE (
    SELECT CAST(bool_or(CASE WHEN touched THEN edges = 1 ELSE entered END) AS int) FROM areas
) END
"""

FUNCTIONS: Final[tuple[str, ...]] = tuple(
    _HEAD.format(head, body)
    for head, body in (
        (f"{FOLD}(value text) RETURNS text", _FOLD_TEXT),
        (f"{FOLD}(value double precision) RETURNS text", _FOLD_NUMBER),
        (f"{FOLD}(value numeric) RETURNS text", _FOLD_EXACT),
        (f"{WRITTEN}(value json) RETURNS text", _WRITTEN),
        (f"{BLOCKS}(value json) RETURNS SETOF json", _BLOCKS),
        (f"{DISTANCE}(a jsonb, b jsonb) RETURNS double precision", _DISTANCE),
        (f"{INSIDE}(point jsonb, polygons jsonb, edges int) RETURNS int", _INSIDE),
    )
)
"""Statements that make the functions, or make them anew. They belong to the schema of the tables."""

_VERSION: Final = zlib.crc32("\0".join(FUNCTIONS).encode()) - (1 << 31)
"""A number of 32 bits with a sign that is another when the functions are."""


def create(connection: sa.Connection) -> None:
    """Makes the functions in the current schema, unless it has them as they are now."""
    noted = sa.select(versions.c.version).where(versions.c.name == "functions")
    if connection.execute(noted).scalar() == _VERSION:
        return
    run_script(connection, FUNCTIONS)
    connection.execute(sa.delete(versions).where(versions.c.name == "functions"))
    connection.execute(sa.insert(versions).values(name="functions", version=_VERSION))
