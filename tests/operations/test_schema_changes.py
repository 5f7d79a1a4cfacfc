"""A changed declaration finds the documents as they were, in the shape that it says; what it cannot keep it names."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest

from headless import Collection, Headless, fields
from headless.database.schema import apply
from headless.errors import ConfigError

T = TypeVar("T")

Document = Mapping[str, Any]


class Place:
    """A database that applications with different declarations are opened on, one after another."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder}/test.db"

    def run(self, collections: Sequence[Collection], work: Callable[[Headless], Awaitable[T]]) -> T:
        """Opens the application, works with it, and closes it."""

        async def opened() -> T:
            app = Headless(collections=[*collections], database=self.url, secret="x" * 32)
            try:
                await app.startup()
                return await work(app)
            finally:
                await app.aclose()

        return asyncio.run(opened())

    def create(self, *documents: Document, declared: Sequence[Any], slug: str = "posts") -> None:
        """Documents of a collection with these fields."""

        async def work(app: Headless) -> None:
            for document in documents:
                await app.as_system().create(slug, document)

        self.run([Collection(slug, fields=declared)], work)

    def find(self, *declared: Any, slug: str = "posts", **options: Any) -> list[Any]:
        """The documents as a collection with these fields has them."""

        async def work(app: Headless) -> list[Any]:
            return (await app.as_system().find(slug, sort="id", depth=0)).docs

        return self.run([Collection(slug, fields=declared, **options)], work)

    def allow(self, *declared: Any) -> None:
        """Makes the change though values are lost."""

        async def work() -> None:
            app = Headless(collections=[Collection("posts", fields=declared)], database=self.url)
            await app.schema_plan()
            try:
                await apply(app.database, list(app.metadata.tables.values()), may_lose=True)
            finally:
                await app.aclose()

        asyncio.run(work())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


ROW = fields.Text("label"), fields.Number("weight")

KEPT: Mapping[str, tuple[Any, Any, Any, Any]] = {
    "one becomes a list": (fields.Text("a"), "x", fields.Text("a", has_many=True), ["x"]),
    "a list becomes one": (fields.Text("a", has_many=True), ["x"], fields.Text("a"), "x"),
    "an empty list": (fields.Text("a", has_many=True), [], fields.Text("a"), None),
    "a number as text": (fields.Number("a"), 4.5, fields.Text("a"), "4.5"),
    "a text as number": (fields.Text("a"), "12", fields.Number("a"), 12),
    "texts as numbers": (fields.Text("a", has_many=True), ["1", "2.5"], fields.Number("a", has_many=True), [1, 2.5]),
    "yes as text": (fields.Checkbox("a"), True, fields.Text("a"), "true"),
    "a text as yes": (fields.Text("a"), "true", fields.Checkbox("a"), True),
    "a text as date": (fields.Text("a"), "2026-01-31", fields.Date("a"), "2026-01-31T00:00:00.000Z"),
    "a date as text": (
        fields.Date("a"), "2026-01-31T00:00:00.000Z", fields.Text("a"), "2026-01-31T00:00:00.000Z",
    ),
    "a text as an option": (fields.Text("a"), "new", fields.Select("a", options=["new", "old"]), "new"),
    "fewer options": (
        fields.Select("a", options=["new", "old"]), "new", fields.Select("a", options=["new"]), "new",
    ),
    "an option as several": (
        fields.Select("a", options=["new"]), "new", fields.Select("a", options=["new"], has_many=True), ["new"],
    ),
    "anything as JSON": (fields.Text("a", has_many=True), ["x"], fields.Json("a"), ["x"]),
    "another name": (fields.Text("b"), "x", fields.Text("a", renamed_from="b"), "x"),
    "another name and type": (fields.Text("b"), "7", fields.Number("a", renamed_from="b"), 7),
    "another name of a group": (
        fields.Group("b", fields=[fields.Text("c")]), {"c": "x"},
        fields.Group("a", renamed_from="b", fields=[fields.Text("c")]), {"c": "x"},
    ),
    "one and several references": (
        fields.Relationship("a", relation_to="posts"), 1, fields.Relationship("a", relation_to="posts", has_many=True),
        [1],
    ),
    "several references and one": (
        fields.Relationship("a", relation_to="posts", has_many=True), [1],
        fields.Relationship("a", relation_to="posts"), 1,
    ),
    "references that say to what": (
        fields.Relationship("a", relation_to="posts"), 1,
        fields.Relationship("a", relation_to=["posts", "users"]), {"relationTo": "posts", "value": 1},
    ),
    "references that no longer say it": (
        fields.Relationship("a", relation_to=["posts", "users"]), {"relationTo": "posts", "value": 1},
        fields.Relationship("a", relation_to="posts"), 1,
    ),
    "a number that is an id": (fields.Number("a"), 1, fields.Relationship("a", relation_to="posts"), 1),
    "a name inside rows": (
        fields.Array("a", fields=[fields.Text("name"), fields.Number("weight")]),
        [{"id": "r", "name": "x", "weight": 1}],
        fields.Array("a", fields=[fields.Text("label", renamed_from="name"), fields.Number("weight")]),
        [{"id": "r", "label": "x", "weight": 1}],
    ),
    "a type inside rows": (
        fields.Array("a", fields=[fields.Text("label")]), [{"id": "r", "label": "4"}],
        fields.Array("a", fields=[fields.Number("label", has_many=True)]), [{"id": "r", "label": [4]}],
    ),
    "a name inside blocks": (
        fields.Blocks("a", blocks=[fields.Block("hero", fields=[fields.Text("name")])]),
        [{"blockType": "hero", "id": "r", "name": "x"}],
        fields.Blocks("a", blocks=[fields.Block("hero", fields=[fields.Text("label", renamed_from="name")])]),
        [{"blockType": "hero", "id": "r", "label": "x"}],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", KEPT)
def test_values_are_taken_over(place: Place, case: str) -> None:
    """In every row, and beside them what has nothing to do with the change."""
    old, stored, new, expected = KEPT[case]
    place.create({old.name: stored, "other": "o"}, {"other": "p"}, declared=[old, fields.Text("other")])
    first, second = place.find(new, fields.Text("other"))
    if isinstance(expected, list) and expected and isinstance(expected[0], dict):
        first["a"] = [{key: item for key, item in row.items() if key != "blockName"} for row in first["a"]]
    assert (first["a"], first["other"], second["other"]) == (expected, "o", "p")
    assert second["a"] in (None, [], {"c": None}) if "a" in second else expected
    assert place.find(new, fields.Text("other"))[0]["other"] == "o"


LOST: Mapping[str, tuple[Any, Any, Any, str, Any]] = {
    "several become one": (
        fields.Text("a", has_many=True), ["x", "y"], fields.Text("a"), "1: it holds 2 values", "x",
    ),
    "no number": (fields.Text("a"), "abc", fields.Number("a"), '1: "abc" is no number', None),
    "no date": (fields.Text("a"), "soon", fields.Date("a"), '1: "soon" is no date', None),
    "neither yes nor no": (fields.Text("a"), "x", fields.Checkbox("a"), '"x" is neither true nor false', None),
    "an option that is gone": (
        fields.Select("a", options=["new", "old"]), "old", fields.Select("a", options=["new"]),
        '"old" is none of the options', None,
    ),
    "another target": (
        fields.Relationship("a", relation_to="posts"), 1, fields.Relationship("a", relation_to="users"),
        "it refers to posts", None,
    ),
    "an id of nothing": (
        fields.Number("a"), 99, fields.Relationship("a", relation_to="posts"), "there is no posts 99", None,
    ),
    "no rich text": (fields.Text("a"), "x", fields.RichText("a"), '"x" cannot be read as one', None),
    "no rows": (
        fields.Text("a"), "x", fields.Array("a", fields=[fields.Text("b")]), "cannot become each other", [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LOST)
def test_what_cannot_be_kept_stops_the_change(place: Place, case: str) -> None:
    """With the row and the reason, and nothing is changed; where losing it is allowed, the rest is kept."""
    old, stored, new, reason, rest = LOST[case]
    place.create({"a": stored}, declared=[old])
    with pytest.raises(ConfigError) as raised:
        place.find(new)
    assert reason in str(raised.value)
    assert place.find(old)[0]["a"] == stored
    place.allow(new)
    assert place.find(new)[0]["a"] == rest


def test_a_collection_has_another_name(place: Place) -> None:
    """Its documents stay, and so does what refers to them, also by name."""
    posts = Collection("posts", fields=[fields.Text("title")])

    def notes(slug: str) -> Collection:
        return Collection(
            "notes",
            fields=[
                fields.Relationship("one", relation_to=slug),
                fields.Relationship("any", relation_to=[slug, "users"]),
                fields.Array("rows", fields=[fields.Relationship("any", relation_to=[slug, "users"])]),
            ],
        )

    async def create(app: Headless) -> None:
        await app.as_system().create("posts", {"title": "A"})
        any_ = {"relationTo": "posts", "value": 1}
        await app.as_system().create("notes", {"one": 1, "any": any_, "rows": [{"any": any_}]})

    async def find(app: Headless) -> list[Any]:
        (note,) = (await app.as_system().find("notes", where={"any.value": {"equals": 1}}, depth=1)).docs
        return [note["one"]["title"], note["any"]["value"]["title"], note["rows"][0]["any"]["value"]["title"]]

    place.run([posts, notes("posts")], create)
    articles = Collection("articles", renamed_from="posts", fields=[fields.Text("title")])
    assert place.run([articles, notes("articles")], find) == ["A", "A", "A"]
    assert place.run([articles, notes("articles")], find) == ["A", "A", "A"]


def test_references_are_found_by_queries_after_the_change(place: Place) -> None:
    """What is made of the documents is made anew."""
    place.create({}, {"a": 1}, declared=[fields.Relationship("a", relation_to="posts")])
    many = fields.Relationship("b", relation_to="posts", has_many=True, renamed_from="a")

    async def work(app: Headless) -> list[Any]:
        found = await app.as_system().find("posts", where={"b": {"equals": 1}}, depth=0)
        await app.as_system().delete("posts", 1)
        return [found.docs[0]["id"], (await app.as_system().get("posts", 2, depth=0))["b"]]

    assert place.run([Collection("posts", fields=[many])], work) == [2, []]


@pytest.mark.parametrize("options", [{"id_type": "uuid"}, {"declared": fields.Text("id")}], ids=["uuid", "declared"])
def test_another_kind_of_ids_is_refused(place: Place, options: dict[str, Any]) -> None:
    """Since they stand in too many places; with what to do."""
    place.create({"a": "x"}, declared=[fields.Text("a")])
    given = {name: value for name, value in options.items() if name != "declared"}
    ids = [options["declared"]] if "declared" in options else []
    with pytest.raises(ConfigError, match="make a new collection and copy the documents"):
        place.find(fields.Text("a"), *ids, **given)


def test_a_field_that_is_no_longer_declared_stops_the_start(place: Place) -> None:
    """Its values would be lost: what to do is said."""
    place.create({"a": "x"}, declared=[fields.Text("a")])
    with pytest.raises(ConfigError, match=r"column posts\.a is no longer declared.*renamed_from"):
        place.find(fields.Text("b"))


def test_a_unique_index_holds_after_a_change(place: Place) -> None:
    """Also one of the field that was changed."""
    place.create({"a": "1", "b": "x"}, declared=[fields.Text("a", unique=True), fields.Text("b", unique=True)])

    async def work(app: Headless) -> int:
        refused = 0
        for document in ({"a": 1, "b": "y"}, {"a": 2, "b": "x"}):
            try:
                await app.as_system().create("posts", document)
            except Exception:
                refused += 1
        return refused

    assert (
        place.run([Collection("posts", fields=[fields.Number("a", unique=True), fields.Text("b", unique=True)])], work)
        == 2
    )
