"""References: what happens to those who refer to a document that goes, wherever the reference stands."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from headless import ApiError, Collection, Config, ValidationError, anyone, fields
from headless.testing import TestClient
from tests.operations.kinds import KINDS, make, naming, with_ids
from tests.operations.watching import logged, rows, tables

Make = Any


def at_top(**options: Any) -> tuple[Any, Any, Any]:
    return fields.Relationship("tag", relation_to="tags", **options), {"tag": 1}, {"tag": None}


def in_group(**options: Any) -> tuple[Any, Any, Any]:
    field = fields.Group("meta", fields=[fields.Relationship("tag", relation_to="tags", **options)])
    return field, {"meta": {"tag": 1}}, {"meta": {"tag": None}}


def in_array(**options: Any) -> tuple[Any, Any, Any]:
    field = fields.Array(
        "list", fields=[fields.Relationship("tag", relation_to="tags", **options), fields.Text("note")]
    )
    data = {"list": [{"id": "r1", "tag": 2, "note": "a"}, {"id": "r2", "tag": 1, "note": "b"}]}
    return field, data, {"list": [{"id": "r1", "tag": 2, "note": "a"}, {"id": "r2", "tag": None, "note": "b"}]}


def in_blocks(**options: Any) -> tuple[Any, Any, Any]:
    tag = fields.Relationship("tag", relation_to="tags", **options)
    cells = fields.Array("cells", fields=[fields.Blocks("inner", blocks=[fields.Block("card", fields=[tag])])])
    field = fields.Blocks("list", blocks=[fields.Block("table", fields=[cells]), fields.Block("card", fields=[tag])])

    def block(kind: str, id: str, **values: Any) -> dict[str, Any]:
        return {"id": id, **values, "blockName": None, "blockType": kind}

    def value(tag: Any) -> Any:
        cells = [{"id": "c", "inner": [block("card", "i", tag=tag), block("card", "j", tag=2)]}]
        return {"list": [block("table", "t", cells=cells), block("card", "k", tag=tag), block("card", "l", tag=2)]}

    return field, value(1), value(None)


def of_many(**options: Any) -> tuple[Any, Any, Any]:
    return (
        fields.Relationship("tags", relation_to="tags", has_many=True, **options),
        {"tags": [2, 1, 2]},
        {"tags": [2, 2]},
    )


def polymorphic(**options: Any) -> tuple[Any, Any, Any]:
    field = fields.Relationship("thing", relation_to=["others", "tags"], **options)
    return field, {"thing": {"relationTo": "tags", "value": 1}}, {}


def polymorphic_of_many(**options: Any) -> tuple[Any, Any, Any]:
    field = fields.Relationship("things", relation_to=["others", "tags"], has_many=True, **options)
    kept = {"relationTo": "others", "value": 1}
    return field, {"things": [kept, {"relationTo": "tags", "value": 1}]}, {"things": [kept]}


def in_rich_text(**options: Any) -> tuple[Any, Any, Any]:
    def body(*children: Any) -> dict[str, Any]:
        return {"root": {"type": "root", "children": list(children)}}

    def link(document: Any) -> dict[str, Any]:
        fields = {"linkType": "internal", "doc": document, "newTab": False}
        return {"type": "paragraph", "children": [{"type": "link", "fields": fields, "children": WORDS}]}

    kept = {"type": "relationship", "relationTo": "others", "value": 1}
    upload = {"type": "upload", "relationTo": "tags", "value": 1, "fields": {"alt": "A boat"}}
    given = body(kept, upload, link({"relationTo": "tags", "value": 1}))
    left = body(kept, {**upload, "value": None}, link(None))
    return fields.RichText("body", **options), {"body": given}, {"body": left}


def in_block_of_rich_text(**options: Any) -> tuple[Any, Any, Any]:
    tag = fields.Relationship("tag", relation_to="tags", **options)
    field = fields.RichText("body", blocks=[fields.Block("card", fields=[tag])])

    def value(tag: Any) -> Any:
        def block(id: str, tag: Any) -> Any:
            return {"type": "block", "fields": {"id": id, "tag": tag, "blockName": None, "blockType": "card"}}

        return {"root": {"children": [{"type": "quote", "children": [block("a", tag)]}, block("b", 2)]}}

    return field, {"body": value(1)}, {"body": value(None)}


WORDS = [{"type": "text", "text": "its words", "format": 0}]
PLACES = [
    at_top, in_group, in_array, in_blocks, of_many, polymorphic, polymorphic_of_many, in_rich_text,
    in_block_of_rich_text,
]  # fmt: skip


def config(*declared: Any, tags: str = "integer") -> Config:
    named = [with_ids(tags, "tags", [fields.Text("name")]), Collection("others", fields=[fields.Text("name")])]
    posts = Collection("posts", fields=[fields.Text("title"), *declared])
    return Config(collections=[*named, posts])


def fill(client: TestClient, data: dict[str, Any], tags: str = "integer") -> dict[str, Any]:
    named = [{"name": "one"}, {"name": "two"}]
    ids = make(client, tags, "tags", *named)
    make(client, "integer", "others", *named)
    return client.create("posts", {"title": "x", **naming(data, "tags", ids, ("tag", "tags"))})


def first_tag(client: TestClient) -> Any:
    return client.find("tags", where={"name": {"equals": "one"}}).docs[0]["id"]


@pytest.mark.parametrize("tags", KINDS)
@pytest.mark.parametrize("place", PLACES)
def test_an_optional_reference_is_cleared(place: Make, tags: str) -> None:
    """Wherever it stands; its neighbours stay, and the log tells of the change and then of the delete."""
    field, data, cleared = place()
    with TestClient(config(field, tags=tags)) as client:
        made = fill(client, data, tags)
        first = first_tag(client)
        before = len(logged(client))
        client.delete_document("tags", first)
        stored = client.get_document("posts", 1, depth=0)
        key = field.name
        second = client.find("tags").docs[0]["id"]
        cleared = naming(cleared, "tags", [None, first, second], ("tag", "tags"))
        assert {name: stored[name] for name in cleared} == cleared
        assert key in cleared or key not in stored
        assert {name: stored[name] for name in ("title", "createdAt")} == {
            name: made[name] for name in ("title", "createdAt")
        }
        changes = logged(client, before)
        assert [(change.collection, change.operation) for change in changes] == [
            ("posts", "update"),
            ("tags", "delete"),
        ]
        assert changes[0].before == {key: made[key]}
        assert (changes[0].after or {}).get(key) == cleared.get(key)
        assert (changes[1].before or {})["name"] == "one"


@pytest.mark.parametrize("tags", KINDS)
@pytest.mark.parametrize("place", PLACES)
def test_a_restricting_reference_keeps_its_target(place: Make, tags: str) -> None:
    """409, which says who refers; nothing changes, until the reference goes."""
    field, data, _ = place(on_delete="restrict")
    with TestClient(config(field, tags=tags)) as client:
        fill(client, data, tags)
        first = first_tag(client)
        before = logged(client)
        with pytest.raises(ApiError, match="a Post refers to it") as refused:
            client.delete_document("tags", first)
        assert refused.value.status_code == 409
        assert logged(client) == before
        client.delete_document("posts", 1)
        client.delete_document("tags", first)


@pytest.mark.parametrize("tags", KINDS)
@pytest.mark.parametrize("place", PLACES)
def test_a_cascading_reference_takes_its_document_along(place: Make, tags: str) -> None:
    """The referring document goes first, and is in the log as deleted; documents that refer to others stay."""
    field, data, _ = place(on_delete="cascade")
    with TestClient(config(field, tags=tags)) as client:
        fill(client, data, tags)
        client.create("posts", {"title": "stays"})
        first = first_tag(client)
        before = len(logged(client))
        client.delete_document("tags", first)
        assert [doc["title"] for doc in client.find("posts").docs] == ["stays"]
        changes = logged(client, before)
        assert [(change.collection, change.operation) for change in changes] == [
            ("posts", "delete"),
            ("tags", "delete"),
        ]
        assert (changes[0].before or {})["title"] == "x"
        if "posts__refs" in tables(client):
            assert rows(client, "SELECT count(*) FROM posts__refs") == [(0,)]


def test_a_required_reference_restricts_by_itself() -> None:
    """It cannot be cleared, so its target cannot go."""
    with TestClient(config(fields.Relationship("tag", relation_to="tags", required=True))) as client:
        fill(client, {"tag": 1})
        with pytest.raises(ApiError):
            client.delete_document("tags", 1)
        client.delete_document("tags", 2)


def test_documents_that_refer_to_each_other_go_together() -> None:
    """A circle of cascading references, a document that refers to itself, and a diamond all end."""
    nodes = Collection(
        "nodes", fields=[fields.Relationship("next", relation_to="nodes", has_many=True, on_delete="cascade")]
    )
    with TestClient(Config(collections=[nodes])) as client:
        for _ in range(4):
            client.create("nodes", {})
        client.update_document("nodes", 1, {"next": [2, 1]})
        client.update_document("nodes", 2, {"next": [3]})
        client.update_document("nodes", 3, {"next": [1, 2]})
        client.delete_document("nodes", 1)
        assert [doc["id"] for doc in client.find("nodes").docs] == [4]
        assert [change.operation for change in logged(client)].count("delete") == 3
        assert rows(client, "SELECT count(*) FROM nodes__refs") == [(0,)]


def test_documents_that_name_each_other_as_the_only_one_go_together() -> None:
    """The same where the reference is a column: nothing has to be deleted before what it points at."""
    nodes = Collection("nodes", fields=[fields.Relationship("next", relation_to="nodes", on_delete="cascade")])
    with TestClient(Config(collections=[nodes])) as client:
        for _ in range(4):
            client.create("nodes", {})
        for id, next in ((1, 2), (2, 3), (3, 1), (4, 4)):
            client.update_document("nodes", id, {"next": next})
        client.delete_document("nodes", 1)
        assert [doc["id"] for doc in client.find("nodes").docs] == [4]
        changes = [change for change in logged(client) if change.operation == "delete"]
        assert {change.id: (change.before or {})["next"] for change in changes} == {1: 2, 2: 3, 3: 1}
        client.delete_document("nodes", 4)
        assert client.find("nodes").total_docs == 0


@pytest.mark.parametrize("make", [at_top, in_group, of_many])
def test_a_rule_about_references_decides_of_a_delete(make: Make) -> None:
    """It is asked while they are there: who may delete does, and nobody else."""
    field, data, _ = make()
    path = {"at_top": "tag", "in_group": "meta.tag", "of_many": "tags"}[make.__name__]
    posts = Collection("posts", fields=[field], access={"read": anyone, "delete": {path: {"equals": 1}}})
    with TestClient(Config(collections=[Collection("tags", fields=[fields.Text("name")]), posts])) as client:
        for name in ("one", "two"):
            client.create("tags", {"name": name})
        client.create("posts", data)
        client.create("posts", {})
        assert client.delete("/api/posts/1").status_code == 200
        assert client.delete("/api/posts/2").status_code in (403, 404)
        assert [doc["id"] for doc in client.find("posts").docs] == [2]


@pytest.mark.sqlite
def test_a_single_reference_is_a_foreign_key_of_the_table(tmp_path: Path) -> None:
    """No program can write one that leads nowhere, and a collection with no other kind has no table of references."""
    with TestClient(config(at_top()[0], in_group()[0]), database=f"sqlite:///{tmp_path}/shop.db") as client:
        fill(client, {"tag": 1, "meta": {"tag": 2}})
        with closing(sqlite3.connect(tmp_path / "shop.db")) as other:
            other.execute("PRAGMA foreign_keys=on")
            for sql in ("UPDATE posts SET tag = 99", "UPDATE posts SET meta__tag = 99", "DELETE FROM tags"):
                with pytest.raises(sqlite3.IntegrityError):
                    other.execute(sql)
        assert "posts__refs" not in tables(client)


OLDER = """
CREATE TABLE tags (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, _rev INTEGER DEFAULT 1 NOT NULL, name TEXT,
    "updatedAt" TEXT, "createdAt" TEXT);
CREATE TABLE posts (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, _rev INTEGER DEFAULT 1 NOT NULL, title TEXT,
    tag INTEGER, tags TEXT, "updatedAt" TEXT, "createdAt" TEXT);
CREATE INDEX ix_posts_tag ON posts (tag);
CREATE TABLE posts__refs (id INTEGER NOT NULL, source INTEGER NOT NULL, version INTEGER, path TEXT NOT NULL,
    locale TEXT, "row" TEXT, position INTEGER, to_tags INTEGER, PRIMARY KEY (id),
    FOREIGN KEY(source) REFERENCES posts (id) ON DELETE CASCADE, FOREIGN KEY(to_tags) REFERENCES tags (id));
INSERT INTO tags (name) VALUES ('one'), ('two');
INSERT INTO posts (title, tag, tags) VALUES ('x', 1, '[2]'), ('y', NULL, '[]');
INSERT INTO posts__refs (source, path, position, to_tags) VALUES (1, 'tag', 0, 1), (1, 'tags', 0, 2);
"""


@pytest.mark.sqlite
def test_a_database_with_every_reference_in_one_table_opens(tmp_path: Path) -> None:
    """Its columns become foreign keys; what it holds is held to be as it was, and cleared as declared."""
    with closing(sqlite3.connect(tmp_path / "older.db")) as older:
        older.executescript(OLDER)
    declared = config(at_top()[0], of_many(on_delete="restrict")[0])
    for _ in range(2):
        with TestClient(declared, database=f"sqlite:///{tmp_path}/older.db") as client:
            assert [(doc["tag"], doc["tags"]) for doc in client.find("posts", sort="id", depth=0).docs][1] == (None, [])
            assert client.find("posts", where={"tags": {"equals": 2}}).total_docs == 1
            assert ("posts", "tag") in rows(client, "SELECT 'posts', \"from\" FROM pragma_foreign_key_list('posts')")
            assert ("ix_posts_tag",) in rows(client, "SELECT name FROM sqlite_master")
    with TestClient(declared, database=f"sqlite:///{tmp_path}/older.db") as client:
        client.delete_document("tags", 1)
        assert client.get_document("posts", 1, depth=0)["tag"] is None
        with pytest.raises(ApiError):
            client.delete_document("tags", 2)


def test_a_restriction_deep_in_a_cascade_stops_it_whole() -> None:
    """Nothing is deleted or cleared when anything on the way must stay."""
    chain = [
        Collection("roots", fields=[fields.Text("name")]),
        Collection("stems", fields=[fields.Relationship("root", relation_to="roots", on_delete="cascade")]),
        Collection("leaves", fields=[fields.Relationship("stem", relation_to="stems", on_delete="restrict")]),
        Collection("notes", fields=[fields.Relationship("root", relation_to="roots")]),
    ]
    with TestClient(Config(collections=chain)) as client:
        for slug, data in (("roots", {}), ("notes", {"root": 1}), ("stems", {"root": 1}), ("leaves", {"stem": 1})):
            client.create(slug, data)
        with pytest.raises(ApiError):
            client.delete_document("roots", 1)
        assert [client.system.count(slug) for slug in ("roots", "stems", "leaves")] == [1, 1, 1]
        assert client.get_document("notes", 1, depth=0)["root"] == 1


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"tag": 99}, "tag"),
        ({"tag": "abc"}, "tag"),
        ({"tag": True}, "tag"),
        ({"tag": [1]}, "tag"),
        ({"tags": [1, 99]}, "tags"),
        ({"list": [{"tag": 1}, {"tag": 99}]}, "list.1.tag"),
        ({"thing": {"relationTo": "posts", "value": 1}}, "thing"),
        ({"thing": {"relationTo": "tags", "value": 99}}, "thing"),
        ({"thing": 1}, "thing"),
    ],
    ids=str,
)
def test_a_reference_to_nothing_is_refused(data: dict[str, Any], path: str) -> None:
    """On create and on update, with its path; nothing is stored."""
    declared = [at_top()[0], of_many()[0], in_array()[0], polymorphic()[0]]
    with TestClient(config(*declared)) as client:
        fill(client, {})
        for id in (None, 1):
            with pytest.raises(ValidationError, match="invalid") as refused:
                client.create("posts", data) if id is None else client.update_document("posts", id, data)
            assert [error["path"] for error in refused.value.errors] == [path]
            assert "invalid relationships" in refused.value.errors[0]["message"]
        assert client.system.count("posts") == 1


def test_an_id_may_be_given_as_text_or_as_the_whole_document() -> None:
    """What forms and clients send back is understood."""
    with TestClient(config(at_top()[0], of_many()[0], polymorphic()[0])) as client:
        fill(client, {})
        tag = client.get_document("tags", 1)
        made = client.create(
            "posts", {"tag": "1", "tags": [tag, "2"], "thing": {"relationTo": "tags", "value": tag}}, depth=0
        )
    assert (made["tag"], made["tags"], made["thing"]) == (1, [1, 2], {"relationTo": "tags", "value": 1})


def test_references_follow_every_change_of_a_document() -> None:
    """A reference that was taken out no longer holds its target."""
    with TestClient(config(of_many(on_delete="restrict")[0])) as client:
        fill(client, {"tags": [1, 2]})
        client.update_document("posts", 1, {"tags": [2]})
        client.delete_document("tags", 1)
        with pytest.raises(ApiError):
            client.delete_document("tags", 2)


def test_an_update_of_another_field_leaves_the_references_alone() -> None:
    """Their rows keep their ids: nothing was rewritten."""
    with TestClient(config(of_many()[0])) as client:
        fill(client, {"tags": [1, 2]})
        before = rows(client, "SELECT * FROM posts__refs")
        client.update_document("posts", 1, {"title": "y"})
        assert rows(client, "SELECT * FROM posts__refs") == before
