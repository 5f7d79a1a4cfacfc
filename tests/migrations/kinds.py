"""Every kind of change of the schema: the fields before and after, and what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from headless import Collection, Config, fields
from headless.compile.application import compile_config


@dataclass
class Kind:
    """A change from the collections `old` to `new`, with rows of `posts` before and what becomes of them."""

    old: list[Collection]
    new: list[Collection]
    rows: list[dict[str, Any]]
    expected: list[dict[str, Any]]
    lossy: bool = False
    table: str = "posts"
    """Where the rows are afterwards."""

    def tables(self, collections: Sequence[Collection]) -> list[sa.Table]:
        """What is declared, as tables."""
        metadata = compile_config(Config(collections=[*collections, *OTHERS])).metadata
        return list(metadata.tables.values())


OTHERS: list[Collection] = [Collection("users", fields=[fields.Text("name")])]


def posts(*declared: Any, slug: str = "posts", **options: Any) -> list[Collection]:
    """The one collection that changes, with a unique and an indexed field beside what changes."""
    kept = [fields.Text("slug", unique=True), fields.Text("title", index=True)]
    return [Collection(slug, fields=[*declared, *kept], timestamps=False, **options)]


def row(id: int, **values: Any) -> dict[str, Any]:
    return {"id": id, "slug": f"s{id}", "title": f"t{id}", **values}


def kind(old: Any, new: Any, before: Any, after: Any, **options: Any) -> Kind:
    """A change of one field, called `a` before and after."""
    rows, expected = ([row(1, a=value), row(2, a=None)] for value in (before, after))
    return Kind(posts(old), posts(new), rows, expected, **options)


KINDS: dict[str, Kind] = {
    "create a table": Kind(
        posts(), [*posts(), Collection("notes", fields=[fields.Text("text", index=True)])], [row(1)], [row(1)]
    ),
    "add a column": Kind(posts(), posts(fields.Text("a", index=True)), [row(1)], [row(1, a=None)]),
    "add a reference": Kind(
        posts(), posts(fields.Relationship("a", relation_to="users")), [row(1)], [row(1, a=None)]
    ),
    "rename a column": Kind(
        posts(fields.Text("b", unique=True)), posts(fields.Text("a", unique=True, renamed_from="b")),
        [row(1, b="x"), row(2, b="y")], [row(1, a="x"), row(2, a="y")],
    ),
    "rename a table": Kind(
        posts(fields.Text("a")), posts(fields.Text("a"), slug="articles", renamed_from="posts"),
        [row(1, a="x")], [row(1, a="x")], table="articles",
    ),
    "drop a column": Kind(posts(fields.Text("a", unique=True)), posts(), [row(1, a="x")], [row(1)], lossy=True),
    "make a list": kind(fields.Text("a"), fields.Text("a", has_many=True), "x", '["x"]'),
    "make one of a list": kind(fields.Text("a", has_many=True), fields.Text("a"), '["x"]', "x"),
    "change a type": kind(fields.Text("a", index=True), fields.Number("a", index=True), "4.5", 4.5),
    "lose what does not fit": kind(fields.Text("a"), fields.Number("a"), "many", None, lossy=True),
    "change the options": kind(
        fields.Select("a", options=["x", "y"]), fields.Select("a", options=["x"]), "x", "x"
    ),
    "make a reference": kind(fields.Number("a"), fields.Relationship("a", relation_to="posts"), 1, 1),
    "make several references of one": kind(
        fields.Relationship("a", relation_to="posts"), fields.Relationship("a", relation_to="posts", has_many=True),
        1, "[1]",
    ),
    "change rows": kind(
        fields.Array("a", fields=[fields.Text("b")]), fields.Array("a", fields=[fields.Number("c", renamed_from="b")]),
        '[{"id":"r","b":"4"}]', '[{"id":"r","c":4}]',
    ),
    "index inside rows": kind(
        fields.Array("a", fields=[fields.Text("b")]), fields.Array("a", fields=[fields.Text("b", index=True)]),
        '[{"id":"r","b":"x"}]', '[{"id":"r","b":"x"}]',
    ),
}  # fmt: skip
