"""One where language, two evaluators: SQL and memory give the same documents, whatever is stored and asked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headless import Collection, Headless, fields
from headless.operations.core import Asker
from headless.query.binding import bind_where
from headless.query.sorting import bind_sort
from headless.security.passwords import LIGHT, Passwords

ROWS = fields.Array(
    "rows",
    fields=[
        fields.Text("label"),
        fields.Number("qty"),
        fields.Checkbox("done"),
        fields.Select("marks", has_many=True, options=["x", "y"]),
        fields.Text("tags", has_many=True),
        fields.Array("sub", fields=[fields.Text("leaf"), fields.Text("mark", index=True)]),
        fields.Text("code", index=True),
        fields.Group("dims", fields=[fields.Number("size", index=True)]),
        fields.Text("keys", has_many=True, index=True),
        fields.Number("nums", has_many=True, index=True),
        fields.Checkbox("set", index=True),
        fields.Date("day", index=True),
        fields.Relationship("ref", relation_to="targets", index=True),
        fields.Json("data"),
    ],
)
MARKS = fields.Blocks(
    "marks",
    blocks=[
        fields.Block("dot", fields=[fields.Text("shade"), fields.Select("looks", has_many=True, options=["x", "y"])]),
        fields.Block("line", fields=[fields.Text("shade"), fields.Number("length")]),
    ],
)
BLOCKS = fields.Blocks(
    "blk",
    blocks=[
        fields.Block("alpha", fields=[
            fields.Text("a", index=True), fields.Text("shared", index=True), fields.Text("mixed", index=True), MARKS,
        ]),
        fields.Block("beta", fields=[
            fields.Number("b"), fields.Text("shared", index=True), fields.Number("mixed", index=True),
            fields.Array("inners", fields=[fields.Text("z", index=True), fields.Number("y"), MARKS]),
        ]),
        fields.Block("gamma", fields=[
            fields.Relationship("mixed", relation_to="targets", has_many=True),
            fields.Relationship("who", relation_to=["targets", "others"]),
        ]),
    ],
)  # fmt: skip
STORY = fields.RichText(
    "story",
    blocks=[
        fields.Block("note", fields=[fields.Text("shared", index=True), fields.Text("mixed"), MARKS]),
        fields.Block("tale", fields=[
            fields.Text("shared", index=True), fields.Number("mixed"),
            fields.RichText("told", blocks=[fields.Block("dot", fields=[fields.Text("shade")])]),
        ]),
    ],
    inline_blocks=[fields.Block("who", fields=[fields.Relationship("ref", relation_to="targets")])],
)  # fmt: skip
THINGS = Collection(
    "things",
    access="anyone",
    fields=[
        fields.Text("title"),
        fields.Number("num"),
        fields.Text("words", has_many=True),
        fields.Number("nums", has_many=True),
        fields.Checkbox("flag"),
        fields.Date("day"),
        fields.Select("pick", options=["a", "b", "c"]),
        fields.Select("picks", has_many=True, options=["a", "b", "c"]),
        fields.Group("grp", fields=[fields.Text("inner"), fields.Group("deep", fields=[fields.Number("core")])]),
        fields.Relationship("ref", relation_to="targets"),
        fields.Relationship("refs", relation_to="targets", has_many=True),
        fields.Relationship("poly", relation_to=["targets", "others"]),
        fields.Relationship("polys", relation_to=["targets", "others"], has_many=True),
        fields.Json("data"),
        fields.RichText("rich"),
        STORY,
        ROWS,
        BLOCKS,
    ],
)
NAMED = [Collection(slug, access="anyone", fields=[fields.Text("name")]) for slug in ("targets", "others")]

texts = st.text(alphabet="aAbB %_\\'\"éÉßẞİıKſ😀0", max_size=5)
spelled = st.sampled_from(["0", "-3", "4.5", "1e20", "true", "false", "null", "01", "-"])
texts_inside = st.sampled_from(['"0"', '"true"', "0", "true", '{"k": 1}', "[1]"])
"""Texts that are JSON, as the field takes them."""
JSON_ESCAPES = {ord('"'): '\\"', ord("\\"): "\\\\"}
numbers = st.one_of(st.integers(-3, 3), st.sampled_from([0.5, -1.25, 4.5, 1e20, 2**53]))
days = st.sampled_from(["2020-01-01T00:00:00.000Z", "2021-06-15T12:00:00.000Z", "2022-12-31T23:59:59.999Z"])
ids = st.integers(1, 3)
poly = st.builds(lambda slug, id: {"relationTo": slug, "value": id}, st.sampled_from(["targets", "others"]), ids)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), strategy)


json_values = st.recursive(
    maybe(st.one_of(texts.map(lambda text: f'"{text.translate(JSON_ESCAPES)}"'), numbers, st.booleans(), texts_inside)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["k", "l_m", "0", "1"]), inner, max_size=3)
    ),
    max_leaves=6,
)
nodes = st.recursive(
    st.builds(lambda text: {"type": "text", "text": text}, texts),
    lambda inner: st.builds(
        lambda type_, children: {"type": type_, "fields": {"url": "/"}, "children": children},
        st.sampled_from(["paragraph", "link", "made-up"]),
        st.lists(inner, max_size=3),
    ),
    max_leaves=5,
)
boxes = st.builds(lambda children: {"children": children, "type": "made-up"}, st.lists(nodes, max_size=3))
rich_texts = st.lists(boxes, max_size=3).map(lambda children: {"root": {"type": "root", "children": children}})

rows = st.lists(
    st.fixed_dictionaries(
        {
            "label": maybe(texts),
            "qty": maybe(numbers),
            "done": maybe(st.booleans()),
            "marks": st.lists(st.sampled_from(["x", "y"]), unique=True, max_size=2),
            "tags": st.lists(texts, max_size=3),
            "sub": st.lists(st.fixed_dictionaries({"leaf": maybe(texts), "mark": maybe(texts)}), max_size=2),
            "code": maybe(texts),
            "dims": st.fixed_dictionaries({"size": maybe(numbers)}),
            "keys": st.lists(texts, max_size=3),
            "nums": st.lists(numbers, max_size=2),
            "set": maybe(st.booleans()),
            "day": maybe(days),
            "ref": maybe(ids),
            "data": json_values,
        }
    ),
    max_size=3,
)
marks = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {
                "blockType": st.just("dot"),
                "shade": maybe(texts),
                "looks": st.lists(st.sampled_from(["x", "y"]), unique=True, max_size=2),
            }
        ),
        st.fixed_dictionaries({"blockType": st.just("line"), "shade": maybe(texts), "length": maybe(numbers)}),
    ),
    max_size=2,
)
blocks = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {
                "blockType": st.just("alpha"),
                "a": maybe(texts),
                "shared": maybe(texts),
                "mixed": maybe(texts),
                "marks": marks,
                "blockName": maybe(texts),
            }
        ),
        st.fixed_dictionaries(
            {
                "blockType": st.just("beta"),
                "b": maybe(numbers),
                "shared": maybe(texts),
                "mixed": maybe(numbers),
                "inners": st.lists(
                    st.fixed_dictionaries({"z": maybe(texts), "y": maybe(numbers), "marks": marks}), max_size=2
                ),
            }
        ),
        st.fixed_dictionaries(
            {"blockType": st.just("gamma"), "mixed": st.lists(ids, max_size=2), "who": maybe(poly)},
        ),
    ),
    max_size=3,
)


def block_nodes(type_: str, *parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(lambda fields: {"type": type_, "fields": fields}, st.one_of(*parts))


def story_nodes(*single: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Nodes in which blocks stand, and others that only look like blocks."""
    looks_like = st.just({"type": "made-up", "fields": {"blockType": "note", "shared": "a"}, "text": "a"})
    return st.recursive(
        st.one_of(looks_like, *single),
        lambda inner: st.builds(
            lambda type_, children: {"type": type_, "children": children},
            st.sampled_from(["paragraph", "made-up"]),
            st.lists(inner, max_size=3),
        ),
        max_leaves=4,
    )


def story_of(nodes: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    around = st.builds(lambda node: {"type": "paragraph", "children": [node]}, nodes)
    return maybe(st.lists(around, max_size=3).map(lambda children: {"root": {"type": "root", "children": children}}))


told = story_of(
    story_nodes(block_nodes("block", st.fixed_dictionaries({"blockType": st.just("dot"), "shade": maybe(texts)})))
)
stories = story_of(
    story_nodes(
        block_nodes(
            "block",
            st.fixed_dictionaries(
                {"blockType": st.just("note"), "shared": maybe(texts), "mixed": maybe(texts), "marks": marks}
            ),
            st.fixed_dictionaries(
                {"blockType": st.just("tale"), "shared": maybe(texts), "mixed": maybe(numbers), "told": told}
            ),
        ),
        block_nodes("inlineBlock", st.fixed_dictionaries({"blockType": st.just("who"), "ref": maybe(ids)})),
    )
)
documents = st.lists(
    st.fixed_dictionaries(
        {
            "title": maybe(texts),
            "num": maybe(numbers),
            "words": st.lists(texts, max_size=3),
            "nums": st.lists(numbers, max_size=3),
            "flag": maybe(st.booleans()),
            "day": maybe(days),
            "pick": maybe(st.sampled_from(["a", "b", "c"])),
            "picks": st.lists(st.sampled_from(["a", "b", "c"]), unique=True, max_size=3),
            "grp": st.fixed_dictionaries(
                {"inner": maybe(texts), "deep": st.fixed_dictionaries({"core": maybe(numbers)})}
            ),
            "ref": maybe(ids),
            "refs": st.lists(ids, max_size=3),
            "poly": maybe(poly),
            "polys": st.lists(poly, max_size=2),
            "data": json_values,
            "rich": maybe(rich_texts),
            "story": stories,
            "rows": rows,
            "blk": blocks,
        }
    ),
    min_size=1,
    max_size=4,
)

KEPT = ["rows.code", "rows.sub.mark"]
"""Texts inside rows that are kept by themselves for queries."""
TEXT = ["title", "grp.inner", "rows.label", "rows.sub.leaf", "pick", "picks", "rows.marks", *KEPT]
TEXTS = ["words", "rows.tags", "picks", "rows.marks", "rows.keys"]
NUMBER = ["num", "nums", "grp.deep.core", "rows.qty", "rows.dims.size", "rows.nums"]
REFERENCE = ["ref", "refs", "poly.value", "polys.value", "rows.ref"]
BLOCK_TEXT = [
    "story.shared",
    "story.marks.shade",
    "story.told.shade",
    "blk.a",
    "blk.shared",
    "blk.blockName",
    "blk.inners.z",
    "blk.marks.shade",
    "blk.inners.marks.shade",
]
BLOCK_NUMBER = ["blk.b", "blk.inners.y", "blk.marks.length", "blk.inners.marks.length"]
ORDER = ["greater_than", "greater_than_equal", "less_than", "less_than_equal"]


INSIDE = ["data.k", "data.k.k", "data.0", "data.k.0", "data.l_m.1.k", "rows.data.k", "rows.data.k.l_m", "data.00"]
RICH = ["rich.root.children.children.text", "rich.root.children.type", "rich.root.children.0.children.text"]


def condition(path: str, operators: list[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    lists = st.lists(values, max_size=3)

    def of(operator: str) -> st.SearchStrategy[Any]:
        if operator == "exists":
            return st.booleans()
        if operator in ("in", "not_in", "all"):
            return lists
        return maybe(values) if operator in ("equals", "not_equals") else values

    chosen = st.sampled_from(operators).flatmap(lambda name: st.tuples(st.just(name), of(name)))
    return chosen.map(lambda pair: {path: {pair[0]: pair[1]}})


EQUALITY = ["equals", "not_equals", "in", "not_in", "exists"]
conditions = st.one_of(
    *[condition(path, [*EQUALITY, "like", "not_like", "contains", *ORDER], texts) for path in TEXT],
    *[condition(path, [*EQUALITY, "like", "contains", *ORDER], numbers) for path in NUMBER],
    *[condition(path, ["all", *EQUALITY, "like", "not_like", "contains", *ORDER], texts) for path in TEXTS],
    condition("nums", ["all"], numbers),
    *[condition(path, ["all"], ids) for path in ("refs", "polys.value")],
    *[condition(path, ["equals", "not_equals", "in", "exists"], ids) for path in REFERENCE],
    *[
        condition(path, [*EQUALITY, "like", "not_like", "contains", *ORDER], st.one_of(texts, numbers, spelled))
        for path in [*INSIDE, *RICH]
    ],
    *[condition(path, ["exists", "like", "not_like", "contains"], texts) for path in ("rich", "story", "story.told")],
    condition("story.mixed", [*EQUALITY, "like", "not_like", "contains", *ORDER], st.one_of(texts, numbers)),
    condition("story.ref", ["equals", "not_equals", "in", "exists"], ids),
    condition("story.blockType", EQUALITY, st.sampled_from(["note", "tale", "who", "dot"])),
    *[condition(path, [*EQUALITY, *ORDER], days) for path in ("day", "rows.day")],
    condition("flag", ["equals", "not_equals", "exists"], st.booleans()),
    *[condition(path, ["equals", "not_equals", "exists"], st.booleans()) for path in ("rows.done", "rows.set")],
    condition("id", ["equals", "not_equals", "in", "not_in", *ORDER], st.integers(0, 5)),
    *[condition(path, ["equals"], st.one_of(ids, texts, poly)) for path in ("poly", "polys")],
    condition("poly.relationTo", ["equals", "in"], st.sampled_from(["targets", "others", "nope"])),
    *[condition(path, [*EQUALITY, "like", "not_like", "contains", *ORDER], texts) for path in BLOCK_TEXT],
    *[condition(path, [*EQUALITY, "like", "contains", *ORDER], numbers) for path in BLOCK_NUMBER],
    condition("blk.mixed", [*EQUALITY, "like", "not_like", "contains", *ORDER], st.one_of(texts, numbers, ids)),
    condition("blk.marks.looks", [*EQUALITY, "all"], st.sampled_from(["x", "y"])),
    condition("blk.who.value", ["equals", "not_equals", "in", "exists"], ids),
    condition("blk.who", ["equals", "exists"], poly),
    condition("blk.blockType", EQUALITY, st.sampled_from(["alpha", "beta", "gamma", "nope", ""])),
    condition("blk.marks.blockType", EQUALITY, st.sampled_from(["dot", "line", "alpha"])),
    *[condition(path, ["exists"], texts) for path in ("blk", "blk.marks", "blk.inners.marks", "blk.id")],
    condition("polys.relationTo", ["equals", "not_equals"], st.sampled_from(["targets", "others"])),
)  # fmt: skip
wheres = st.recursive(
    conditions,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"and": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"or": parts}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=5,
)


class World:
    """An application with its own loop, so that many examples share one database."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.app = Headless(
            collections=[THINGS, *NAMED], database="sqlite:///:memory:", secret="s" * 40, passwords=Passwords(LIGHT)
        )
        self.run(self.app.startup())
        for slug in ("targets", "others"):
            for name in ("one", "two", "three"):
                self.run(self.app.as_system().create(slug, {"name": name}))

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    async def store(self, data: list[dict[str, Any]]) -> list[dict[str, Any]]:
        api = self.app.as_system()
        await api.delete("things", where={"id": {"exists": True}})
        return [await api.create("things", item) for item in data]

    async def ask(self, where: dict[str, Any]) -> tuple[list[int], Any]:
        asker = Asker(self.app.core, system=True)
        collection = self.app.core.collection("things")
        bound = await bind_where(where, collection, asker)
        page = await self.app.as_system().find("things", where=where, limit=0, depth=0)
        return [doc["id"] for doc in page.docs], bound

    def close(self) -> None:
        self.run(self.app.aclose())
        self.runner.close()


@pytest.fixture(scope="module")
def world(database_kind: str) -> Iterator[World]:
    found = World()
    yield found
    found.close()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=documents, asked=st.lists(wheres, min_size=1, max_size=6))
def test_sql_and_memory_find_the_same_documents(world: World, data: list[dict[str, Any]], asked: list[Any]) -> None:
    """Streams judge in memory what lists select by SQL; nobody may see a document in one that the other hides."""
    stored = world.run(world.store(data))
    for where in asked:
        found, bound = world.run(world.ask(where))
        expected = {doc["id"] for doc in stored if bound.test(doc)}
        assert set(found) == expected, where


kept = st.one_of(
    *[condition(path, [*EQUALITY, "contains", *ORDER], texts) for path in [*KEPT, "rows.label"]],
    condition("rows.keys", ["all", *EQUALITY], texts),
    *[condition(path, [*EQUALITY, *ORDER], numbers) for path in ("rows.dims.size", "rows.nums", "rows.qty")],
    condition("rows.set", ["equals", "not_equals", "exists"], st.booleans()),
    condition("rows.ref", EQUALITY, ids),
    *[condition(path, [*EQUALITY, *ORDER], texts) for path in ("blk.a", "blk.shared", "blk.inners.z", "blk.mixed")],
    condition("blk.b", EQUALITY, numbers),
    condition("blk.blockType", EQUALITY, st.sampled_from(["alpha", "beta"])),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=documents, asked=st.lists(st.lists(kept, min_size=1, max_size=3), min_size=1, max_size=6))
def test_what_is_kept_by_itself_is_found_as_in_its_row(
    world: World, data: list[dict[str, Any]], asked: list[list[Any]]
) -> None:
    """An index inside rows changes how long a query takes, never its answer; what is ANDed holds of the same row."""
    stored = world.run(world.store(data))
    for parts in asked:
        found, bound = world.run(world.ask({"and": parts}))
        assert set(found) == {doc["id"] for doc in stored if bound.test(doc)}, parts


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=documents, key=st.sampled_from(["title", "num", "flag", "day", "grp.inner", "-title", "-num", "rows.qty"]))
def test_sorting_puts_null_first_and_text_by_code_point(world: World, data: list[dict[str, Any]], key: str) -> None:
    """The order of a list is the same on every machine: NULL, then values; ties newest first."""
    stored = world.run(world.store(data))
    page = world.run(world.app.as_system().find("things", sort=key, limit=0, depth=0))
    path = key.removeprefix("-").split(".")

    def value(doc: dict[str, Any]) -> Any:
        found: Any = doc
        for name in path:
            found = (found[0] if found else {}) if isinstance(found, list) else found
            found = found.get(name)
        return found

    newest_first = sorted(stored, key=lambda doc: doc["id"], reverse=True)
    present = [doc for doc in newest_first if value(doc) is not None]
    absent = [doc for doc in newest_first if value(doc) is None]
    ordered = sorted(present, key=value, reverse=key.startswith("-"))
    if key.startswith("-"):
        groups: list[dict[str, Any]] = []
        for doc in ordered:
            if all(doc is not other for other in groups):
                groups += [other for other in newest_first if value(other) == value(doc) and value(other) is not None]
        ordered = groups
    expected = [*ordered, *absent] if key.startswith("-") else [*absent, *ordered]
    assert [doc["id"] for doc in page.docs] == [doc["id"] for doc in expected]


def test_a_shape_never_holds_a_value(world: World) -> None:
    """Queries that differ only in their values share one compiled statement."""

    async def shapes() -> set[Any]:
        asker = Asker(world.app.core, system=True)
        collection = world.app.core.collection("things")
        bound = [
            await bind_where({"title": {"equals": text}, "num": {"in": [number]}}, collection, asker)
            for text, number in (("a", 1), ("b", 2.5), ("c' OR 1=1", -9))
        ]
        return {condition.shape for condition in bound}

    assert len(world.run(shapes())) == 1


def test_a_sort_that_names_nothing_is_the_default_one(world: World) -> None:
    """An unknown key is left out, as the recorded server does."""

    async def sorts() -> tuple[Any, Any]:
        asker = Asker(world.app.core, system=True)
        collection = world.app.core.collection("things")
        return (await bind_sort("nope", collection, asker)).shape, (await bind_sort(None, collection, asker)).shape

    unknown, default = world.run(sorts())
    assert unknown == default
