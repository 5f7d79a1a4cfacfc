"""Joins: the documents that refer to one, read with it, told of, queried, and under their own rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from headless import Collection, Config, ConfigError, HookContext, anyone, authenticated, fields, nobody
from headless.testing import TestClient
from tests.operations.watching import rows, statements
from tests.rest.watching import watched

USERS = Collection("users", auth=True, access=anyone, fields=[fields.Text("name")])
SHELVES = Collection(
    "shelves",
    access=anyone,
    fields=[
        fields.Text("title"),
        fields.Join("books", collection="books", on="shelf"),
        fields.Group("more", fields=[
            fields.Join("listed", collection="books", on="extra.lists", default_sort="title", default_limit=2),
            fields.Join("cheap", collection="books", on="shelf", where={"price": {"less_than": 10}}, max_depth=0),
        ]),
        fields.Join("mentions", collection=["books", "notes"], on="about"),
        fields.Join("reviewed", collection="books", on="reviews.place"),
        fields.Join("kept", collection="secrets", on="shelf"),
        fields.Join("veiled", collection="books", on="veiled"),
    ],
)  # fmt: skip
BOOKS = Collection(
    "books",
    access=anyone,
    fields=[
        fields.Text("title"),
        fields.Number("price"),
        fields.Text("cost", access={"read": authenticated}),
        fields.Relationship("shelf", relation_to="shelves"),
        fields.Group("extra", fields=[fields.Relationship("lists", relation_to="shelves", has_many=True)]),
        fields.Relationship("about", relation_to=["users", "shelves"]),
        fields.Array("reviews", fields=[fields.Relationship("place", relation_to="shelves")]),
        fields.Relationship("veiled", relation_to="shelves", access={"read": authenticated}),
    ],
)
NOTES = Collection(
    "notes",
    access=anyone,
    fields=[fields.Text("text"), fields.Relationship("about", relation_to="shelves", has_many=True)],
)
SECRETS = Collection(
    "secrets",
    access={"read": authenticated},
    fields=[fields.Text("title"), fields.Relationship("shelf", relation_to="shelves")],
)
CONFIG = Config(collections=[USERS, SHELVES, BOOKS, NOTES, SECRETS])


@pytest.fixture
def client() -> Iterator[TestClient]:
    """Two shelves; five books on the first and one on the second."""
    with watched(CONFIG) as client:
        for title in ("a", "b"):
            client.create("shelves", {"title": title})
        for number in range(6):
            shelf = 2 if number == 5 else 1
            client.create(
                "books", {"title": f"book {number}", "price": number * 4, "shelf": shelf, "cost": str(number)}
            )
        yield client


def shelf(client: TestClient, query: str = "", id: int = 1) -> Any:
    answer = client.get(f"/api/shelves/{id}?depth=0&{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_it_brings_the_documents_that_refer_newest_first(client: TestClient) -> None:
    """With ids at depth 0, in the place where the field was declared; nothing of it is stored."""
    document = shelf(client)
    assert document["books"] == {"docs": [5, 4, 3, 2, 1], "hasNextPage": False}
    assert document["more"]["cheap"] == {"docs": [3, 2, 1], "hasNextPage": False}
    assert list(document) == [
        "id", "title", "books", "more", "mentions", "reviewed", "kept", "veiled", "updatedAt", "createdAt",
    ]  # fmt: skip
    assert "books" not in [row[1] for row in rows(client, "PRAGMA table_info(shelves)")]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("joins[books][limit]=2", {"docs": [5, 4], "hasNextPage": True}),
        ("joins[books][limit]=2&joins[books][page]=3", {"docs": [1], "hasNextPage": False}),
        ("joins[books][limit]=2&joins[books][count]=true", {"docs": [5, 4], "hasNextPage": True, "totalDocs": 5}),
        ("joins[books][page]=9&joins[books][count]=true", {"docs": [], "hasNextPage": False, "totalDocs": 5}),
        ("joins[books][sort]=title&joins[books][limit]=0", {"docs": [1, 2, 3, 4, 5], "hasNextPage": False}),
        ("joins[books][sort]=-price,title&joins[books][limit]=1", {"docs": [5], "hasNextPage": True}),
        ("joins[books][sort]=nope&joins[books][limit]=1", {"docs": [5], "hasNextPage": True}),
        ("joins[books][sort]=cost&joins[books][limit]=1", {"docs": [5], "hasNextPage": True}),
        ("joins[books][where][price][greater_than]=8", {"docs": [5, 4], "hasNextPage": False}),
        ('joins[books][where]={"title":{"equals":"book 1"}}', {"docs": [2], "hasNextPage": False}),
        (
            "joins[books][where][title][equals]=x&joins[books][count]=1",
            {"docs": [], "hasNextPage": False, "totalDocs": 0},
        ),
        ("joins[nope][limit]=1", {"docs": [5, 4, 3, 2, 1], "hasNextPage": False}),
    ],
)
def test_it_is_asked_by_joins(client: TestClient, query: str, expected: Any) -> None:
    """`limit`, `page`, `sort`, `where` and `count` of each join by itself; an unknown one is ignored."""
    assert shelf(client, query)["books"] == expected


def test_it_is_left_out_when_it_is_not_wanted(client: TestClient) -> None:
    """By `joins[x]=false`, by `select`, or in Python by `joins=False`; and then it costs no statement."""
    assert "books" not in shelf(client, "joins[books]=false")
    assert "cheap" not in shelf(client, "joins[more.cheap]=false")["more"]
    assert list(shelf(client, "select[title]=true")) == ["id", "title"]
    assert list(shelf(client, "select[books]=true")) == ["id", "books"]
    assert "books" not in shelf(client, "select[books]=false")
    with statements(client) as seen:
        assert "books" not in client.run(client.app.as_system().get("shelves", 1, joins=False))
        assert len(seen.reads) == 1


@pytest.mark.parametrize("number", [1, 8])
def test_a_list_of_any_length_costs_one_statement_for_each_join(client: TestClient, number: int) -> None:
    """Also when it is counted; shown as documents, one more for each collection."""
    for count in range(number):
        made = client.create("shelves", {"title": f"more {count}"})
        client.create("books", {"title": "x", "shelf": made["id"], "extra": {"lists": [made["id"], 1]}})
    query = "&".join(f"joins[{name}]=false" for name in ("mentions", "reviewed", "kept", "veiled"))
    with statements(client) as seen:
        page = client.get(f"/api/shelves?depth=0&limit=20&{query}&joins[books][count]=true").json()
        assert len(page["docs"]) == number + 2
        assert len(seen.reads) == 1 + 3
    with statements(client) as seen:
        page = client.get(f"/api/shelves?depth=1&limit=20&{query}&sort=id").json()
        assert page["docs"][0]["books"]["docs"][0]["title"] == "book 4"
        assert len(seen.reads) == 1 + 3 + 1


def test_documents_stand_in_the_place_of_ids(client: TestClient) -> None:
    """With a depth, as far as `max_depth` lets them, chosen by `populate`; their own references are ids again."""
    found = client.get("/api/shelves/1?depth=3&joins[books][limit]=1&populate[books][title]=true").json()
    assert found["books"]["docs"] == [{"id": 5, "title": "book 4"}]
    assert found["more"]["cheap"]["docs"] == [3, 2, 1]
    book = client.get("/api/books/1?depth=2").json()
    assert book["shelf"]["books"] == {"docs": [5, 4, 3, 2, 1], "hasNextPage": False}


def test_it_comes_by_lists_rows_and_references_to_several_collections(client: TestClient) -> None:
    """Each document once, however often it refers."""
    client.create("books", {"title": "z", "extra": {"lists": [1, 2]}, "about": {"relationTo": "shelves", "value": 1}})
    client.create("books", {"title": "y", "extra": {"lists": [1]}, "reviews": [{"place": 1}, {"place": 1}]})
    client.create("books", {"title": "x", "extra": {"lists": [1]}})
    client.create("notes", {"text": "n", "about": [1, 1, 2]})
    document = shelf(client)
    assert document["more"]["listed"] == {"docs": [9, 8], "hasNextPage": True}
    assert document["reviewed"]["docs"] == [8]
    assert document["mentions"]["docs"] == [
        {"relationTo": "notes", "value": 1}, {"relationTo": "books", "value": 7},
    ]  # fmt: skip
    only = shelf(client, "joins[mentions][where][relationTo][equals]=books&joins[mentions][count]=true")
    assert only["mentions"] == {"docs": [{"relationTo": "books", "value": 7}], "hasNextPage": False, "totalDocs": 1}
    found = client.get("/api/shelves/2?depth=1").json()
    assert found["mentions"]["docs"][0]["value"]["text"] == "n"


def test_writes_do_not_show_it_and_do_not_take_it(client: TestClient) -> None:
    """What is sent for it goes nowhere; what refers to the document is read by reading it."""
    made = client.post("/api/shelves?depth=2", json={"title": "c", "books": [1]}).json()["doc"]
    changed = client.patch("/api/shelves/1?depth=2", json={"books": {"docs": []}, "more": {"cheap": 1}}).json()["doc"]
    gone = client.delete(f"/api/shelves/{made['id']}?depth=2").json()["doc"]
    for document in (made, changed, gone):
        assert not {"books", "mentions"} & set(document)
        assert "cheap" not in document["more"]
    assert shelf(client)["books"]["docs"] == [5, 4, 3, 2, 1]


def test_what_refers_is_seen_under_its_own_rule(client: TestClient) -> None:
    """Nothing is told of documents that the asker may not read, nor through a reference that is closed."""
    client.create("secrets", {"title": "s", "shelf": 1})
    client.create("books", {"title": "v", "veiled": 1})
    nothing = {"docs": [], "hasNextPage": False, "totalDocs": 0}
    document = shelf(client, "joins[kept][count]=true&joins[veiled][count]=true")
    assert (document["kept"], document["veiled"]) == (nothing, nothing)
    ada = client.user("a@example.org", collection="users")
    document = client.get("/api/shelves/1?depth=0", as_=ada).json()
    assert (document["kept"]["docs"], document["veiled"]["docs"]) == ([1], [7])


@pytest.mark.parametrize(
    "query",
    [
        "joins[books][where][cost][equals]=1",
        "joins[books][where][nope][equals]=1",
        "where[books.cost][equals]=1",
        "where[books.nope][equals]=1",
        "where[kept.title][equals]=s",
        "where[veiled.title][equals]=v",
        "where[books][equals]=1",
        "sort=books",
        "joins[books][limit]=-1",
        "joins[books][limit]=x",
        "joins[books][limit]=999999",
        "joins[books][page]=99999999999999999",
        "joins[books]=5",
    ],
)
def test_what_cannot_be_asked_is_refused(client: TestClient, query: str) -> None:
    """A field that is closed like one that is not there."""
    assert client.get(f"/api/shelves?{query}").status_code == 400


def test_a_query_goes_on_through_it(client: TestClient) -> None:
    """To the documents that refer, those alone that the asker may read and that the join means."""

    def titles(query: str) -> list[str]:
        answer = client.get(f"/api/shelves?depth=0&sort=title&joins[books]=false&{query}")
        assert answer.status_code == 200, answer.text
        return [doc["title"] for doc in answer.json()["docs"]]

    client.create("notes", {"text": "n", "about": [2]})
    assert titles("where[books.title][equals]=book 5") == ["b"]
    assert titles("where[books.title][like]=book") == ["a", "b"]
    assert titles("where[books.title][not_equals]=book 5") == ["a"]
    assert titles("where[books.id][equals]=1") == ["a"]
    assert titles("where[more.cheap.price][greater_than]=0") == ["a"]
    assert titles("where[mentions.text][equals]=n") == ["b"]
    assert titles("where[books.shelf.title][equals]=b") == ["b"]


def test_streams_do_not_follow_it(client: TestClient) -> None:
    """Their documents are those of the collection alone."""
    with client.stream("/api/shelves/stream?snapshot=true") as stream:
        assert "books" not in stream.next().json()["docs"][0]
        client.system.update("shelves", 1, {"title": "new"})
        assert "books" not in stream.next().json()["doc"]


def test_a_rule_may_ask_through_it() -> None:
    """Also while a stream tests the change of a document."""
    rooms = Collection(
        "rooms",
        access={"create": anyone, "update": anyone, "read": {"members.name": {"equals": "ada"}}},
        fields=[fields.Text("title"), fields.Join("members", collection="members", on="room")],
    )
    members = Collection(
        "members", access=anyone, fields=[fields.Text("name"), fields.Relationship("room", relation_to="rooms")]
    )
    with watched(Config(collections=[rooms, members])) as client:
        for number in (1, 2):
            client.create("rooms", {"title": "x"})
            client.create("members", {"name": ("bob", "ada")[number - 1], "room": number})
        assert [doc["id"] for doc in client.get("/api/rooms").json()["docs"]] == [2]
        with client.stream("/api/rooms/stream") as stream:
            client.system.update("rooms", 1, {"title": "unseen"})
            client.system.update("rooms", 2, {"title": "seen"})
            assert stream.next().json()["doc"]["title"] == "seen"


def test_its_schema_is_that_of_what_is_shown(client: TestClient) -> None:
    """In answers; no body takes it."""
    components = client.app.openapi()["components"]
    shown = {"$ref": "#/components/schemas/Shelve", "components": components}
    for depth in (0, 1):
        jsonschema.validate(client.get(f"/api/shelves/1?depth={depth}").json(), shown, jsonschema.Draft202012Validator)
    assert components["schemas"]["Shelve"]["properties"]["books"]["required"] == ["docs", "hasNextPage"]
    assert "books" not in components["schemas"]["ShelveCreate"]["properties"]


def test_hooks_see_what_was_joined() -> None:
    """A hook after reading is given the value, and may change it."""

    def count(ctx: HookContext) -> Any:
        return {**ctx.value, "totalDocs": len(ctx.value["docs"])}

    shelves = Collection("shelves", access=anyone, fields=[
        fields.Join("books", collection="books", on="shelf", hooks={"after_read": count}),
        fields.Join("closed", collection="books", on="shelf", access={"read": nobody}),
    ])  # fmt: skip
    books = Collection("books", access=anyone, fields=[fields.Relationship("shelf", relation_to="shelves")])
    with watched(Config(collections=[shelves, books])) as client:
        client.create("shelves", {})
        client.create("books", {"shelf": 1})
        document = client.get("/api/shelves/1").json()
        assert document["books"]["totalDocs"] == 1
        assert "closed" not in document


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"collection": "nope", "on": "shelf"}, "there is no collection 'nope'"),
        ({"collection": "books", "on": "shelv"}, "no reference 'shelv'.*'shelf'"),
        ({"collection": "books", "on": "title"}, "no reference 'title'"),
        ({"collection": "books", "on": "owner"}, "does not refer to 'shelves'"),
        ({"collection": "books", "on": "shelf", "where": {"nope": {"equals": 1}}}, "cannot ask 'books' for 'nope'"),
        ({"collection": "books", "on": "shelf", "required": True}, "required means nothing"),
        ({"collection": "books", "on": "shelf", "unique": True}, "cannot be unique"),
        ({"collection": "books", "on": "shelf", "default_limit": -1}, "default_limit"),
        ({"collection": [], "on": "shelf"}, "list of slugs"),
    ],
)
def test_mistakes_are_told_at_the_start(options: dict[str, Any], message: str) -> None:
    """With what would be right."""
    books = Collection("books", fields=[
        fields.Text("title"), fields.Relationship("shelf", relation_to="shelves"),
        fields.Relationship("owner", relation_to="books"),
    ])  # fmt: skip

    def start() -> None:
        shelves = Collection("shelves", fields=[fields.Join("books", **options)])
        with TestClient(Config(collections=[shelves, books])):
            pass

    with pytest.raises(ConfigError, match=f"(?s){message}"):
        start()


def test_it_cannot_stand_in_rows() -> None:
    """A document refers to a document, not to a row of it."""
    shelves = Collection("shelves", fields=[
        fields.Array("rows", fields=[fields.Join("books", collection="books", on="shelf")]),
    ])  # fmt: skip
    books = Collection("books", fields=[fields.Relationship("shelf", relation_to="shelves")])
    with pytest.raises(ConfigError, match="rows"), TestClient(Config(collections=[shelves, books])):
        pass


def test_it_brings_documents_whatever_their_ids_are() -> None:
    """Counted ones, UUIDs and texts of one's own, also together."""
    shelves = Collection(
        "shelves",
        access=anyone,
        fields=[fields.Text("id"), fields.Join("things", collection=["books", "notes"], on="shelf")],
    )
    books = Collection("books", access=anyone, fields=[fields.Relationship("shelf", relation_to="shelves")])
    notes = Collection(
        "notes",
        access=anyone,
        fields=[fields.Text("id"), fields.Relationship("shelf", relation_to="shelves", has_many=True)],
    )
    with watched(Config(collections=[shelves, books, notes])) as client:
        client.create("shelves", {"id": "up"})
        client.create("books", {"shelf": "up"})
        client.create("notes", {"id": "n", "shelf": ["up"]})
        found = client.get("/api/shelves/up?depth=1").json()["things"]["docs"]
        assert {(doc["relationTo"], doc["value"]["id"]) for doc in found} == {("books", 1), ("notes", "n")}


def test_documents_of_many_collections_are_sorted_together() -> None:
    """By a field that is of another type in each of them: nothing comes first, then numbers, then texts."""
    said = {"a": fields.Text("said"), "b": fields.Number("said"), "c": fields.Number("said")}
    made = [
        Collection(slug, access=anyone, fields=[field, fields.Relationship("shelf", relation_to="shelves")])
        for slug, field in said.items()
    ]
    join = fields.Join("things", collection=list(said), on="shelf", default_sort="said")
    with TestClient(Config(collections=[Collection("shelves", access=anyone, fields=[join]), *made])) as client:
        client.create("shelves", {})
        for slug, value in (("a", "x"), ("b", 10), ("a", None), ("c", 9), ("a", "10")):
            client.create(slug, {"said": value, "shelf": 1})
        for query, expected in (("", "a2 c1 b1 a3 a1"), ("&joins[things][sort]=-said", "a1 a3 b1 c1 a2")):
            shown = client.get(f"/api/shelves/1?depth=0{query}").json()["things"]["docs"]
            assert " ".join(f"{doc['relationTo']}{doc['value']}" for doc in shown) == expected


def test_it_comes_by_a_reference_in_a_block() -> None:
    """The path names the kind of block."""
    shelves = Collection(
        "shelves", access=anyone, fields=[fields.Join("pages", collection="pages", on="layout.hero.shelf")]
    )
    pages = Collection("pages", access=anyone, fields=[
        fields.Blocks("layout", blocks=[
            fields.Block("hero", fields=[fields.Relationship("shelf", relation_to="shelves")]),
            fields.Block("foot", fields=[fields.Relationship("shelf", relation_to="shelves")]),
        ]),
    ])  # fmt: skip
    with watched(Config(collections=[shelves, pages])) as client:
        client.create("shelves", {})
        for kind in ("hero", "foot"):
            client.create("pages", {"layout": [{"blockType": kind, "shelf": 1}]})
        assert client.get("/api/shelves/1?depth=0").json()["pages"]["docs"] == [1]
        assert client.get("/api/shelves?where[pages.id][equals]=1").json()["totalDocs"] == 1
        assert client.get("/api/shelves?where[pages.id][equals]=2").json()["totalDocs"] == 0
