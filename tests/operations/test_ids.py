"""Ids: counted, made as UUIDs, or declared as a field; what may be one, and what names documents by them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from headless import Collection, Config, ConfigError, Headless, QueryError, ValidationError, fields
from headless.access import for_user
from headless.compile.application import compile_config
from headless.operations.core import Asker
from headless.query.binding import bind_rule, bind_where
from headless.testing import StillClock, TestClient
from tests.operations.kinds import KINDS, make, with_ids
from tests.operations.watching import columns, indexed, logged, rows

MIXED = ("counted", "by-uuid", "named", "numbered")


def mixed() -> Config:
    """A collection with each kind of ids, and links that lead to any of them."""
    kinds = [with_ids(kind, slug, [fields.Text("title")]) for kind, slug in zip(KINDS, MIXED, strict=True)]
    links = Collection("links", timestamps=False, fields=[
        fields.Text("name"),
        fields.Relationship("to", relation_to=MIXED),
        fields.Relationship("several", relation_to=MIXED, has_many=True),
        fields.Array("rows", fields=[fields.Relationship("to", relation_to=MIXED)]),
        fields.Relationship("named", relation_to="named"),
        fields.Relationship("uuids", relation_to="by-uuid", has_many=True),
    ])  # fmt: skip
    return Config(collections=[*kinds, links])


def things(*declared: Any, **options: Any) -> Config:
    return Config(collections=[Collection("things", fields=[*declared, fields.Text("title")], **options)])


def refusal(client: TestClient, data: dict[str, Any]) -> dict[str, Any]:
    """What a document is refused for."""
    with pytest.raises(ValidationError) as refused:
        client.create("things", data)
    (error,) = refused.value.errors
    return error


def test_counted_ids_never_return() -> None:
    """The number of a deleted document is not given to another, and nobody chooses one."""
    with TestClient(things()) as client:
        assert [client.create("things", {"id": 7})["id"] for _ in range(2)] == [1, 2]
        client.delete_document("things", 2)
        assert client.create("things", {})["id"] == 3


@pytest.mark.parametrize("config", [things(id_type="uuid"), Config(id_type="uuid", collections=things().collections)])
def test_uuids_are_made_in_the_order_of_time(config: Config) -> None:
    """Of version 7, whether the collection says so or the application; what is sent as `id` is nothing."""
    with TestClient(config, clock=StillClock()) as client:
        made = [client.create("things", {"id": "mine", "title": str(number)}) for number in range(5)]
        ids = [document["id"] for document in made]
        assert {uuid.UUID(id).version for id in ids} == {7}
        assert ids == sorted(ids)
        assert list(made[0]) == ["id", "title", "updatedAt", "createdAt"]
        assert [document["id"] for document in client.find("things", sort="-id").docs] == ids[::-1]
        assert client.update_document("things", ids[0].upper(), {"id": ids[1], "title": "x"})["id"] == ids[0]
        assert [change.id for change in logged(client)] == [*ids, ids[0]]


def test_a_collection_chooses_otherwise_than_the_application() -> None:
    """`id_type` of a collection goes before that of the application."""
    config = Config(id_type="uuid", collections=things(id_type="integer").collections)
    with TestClient(config) as client:
        assert client.create("things", {})["id"] == 1


@pytest.mark.parametrize("id", ["alpha", "a b", "with/slash", "ä.ö", "日本", ".hidden", "100%", "a,b", "5", "x" * 255])
def test_a_text_is_an_id(id: str) -> None:
    """Given at the creation, shown first, kept by every update, and good for one document only."""
    with TestClient(things(fields.Text("id"))) as client:
        made = client.create("things", {"title": "A", "id": id})
        assert (made["id"], next(iter(made))) == (id, "id")
        assert client.get_document("things", id) == made
        assert client.update_document("things", id, {"id": "other", "title": "B"})["id"] == id
        assert client.find("things").docs == [client.get_document("things", id)]
        assert refusal(client, {"id": id}) == {
            "message": "Value must be unique", "path": "id", "tableName": "things"
        }  # fmt: skip
        last = logged(client)[-1]
        assert (last.id, last.after and last.after["id"], set(last.before or {})) == (id, id, {"title", "updatedAt"})
        assert client.delete_document("things", id)["id"] == id
        assert client.create("things", {"id": id, "title": "again"})["title"] == "again"


@pytest.mark.parametrize("id", [5, -3, 0, 2**53 - 1])
def test_a_number_is_an_id(id: int) -> None:
    """It may be given as text, as a URL does."""
    with TestClient(things(fields.Number("id"))) as client:
        assert client.create("things", {"id": str(id)})["id"] == id
        assert client.get_document("things", str(id))["id"] == id
        assert client.get_document("things", float(id))["id"] == id  # type: ignore[arg-type]
        assert refusal(client, {"id": id})["message"] == "Value must be unique"
        assert client.update_document("things", id, {"id": 99})["id"] == id


REQUIRED = "This field is required."
TEXT_RULE = fields.Text.id_rule
WRONG_TEXTS: list[tuple[Any, str]] = [
    *((value, REQUIRED) for value in (None, "", "absent")),
    *((value, TEXT_RULE) for value in (".", "..", "null", "a\nb", "a\x7fb", "x" * 256)),
    *((value, "This field takes text.") for value in (True, ["a"], {"a": 1})),
    *((value, "This field has characters that cannot be stored.") for value in ("a\x00b", "a\ud800b")),
]


@pytest.mark.parametrize(("value", "message"), WRONG_TEXTS, ids=lambda value: repr(value)[:20])
def test_what_is_no_text_id_is_refused(value: Any, message: str) -> None:
    """With the path and the reason; nothing is stored."""
    with TestClient(things(fields.Text("id"))) as client:
        error = refusal(client, {} if value == "absent" else {"id": value})
        assert error == {"label": "Id", "message": message, "path": "id"}
        assert client.system.count("things") == 0


@pytest.mark.parametrize("value", [None, "", "absent", "x", "7x", 1.5, True, 2**53, -(2**53), 1e300, [1], {"a": 1}])
def test_what_is_no_number_id_is_refused(value: Any) -> None:
    """Only whole numbers that every client can hold."""
    with TestClient(things(fields.Number("id"))) as client:
        assert refusal(client, {} if value == "absent" else {"id": value})["path"] == "id"
        assert client.system.count("things") == 0


def test_an_id_comes_from_a_default_or_a_hook() -> None:
    """Whoever gives it, it is checked like one that was sent; the declared limits and validators hold too."""

    def of_title(ctx: Any) -> None:
        ctx.data.setdefault("id", None)
        ctx.data["id"] = ctx.data["id"] or ctx.data["title"].lower()

    by_default = things(fields.Text("id", default_value=lambda ctx: "made"))
    by_hook = things(fields.Text("id"), hooks={"before_validate": [of_title]})
    limited = things(fields.Text("id", max_length=3, validate=lambda value, ctx: value != "bad" or "Not this one."))
    with TestClient(by_default) as client:
        assert client.create("things", {})["id"] == "made"
    with TestClient(by_hook) as client:
        assert client.create("things", {"title": "Hello"})["id"] == "hello"
        assert refusal(client, {"title": "a\nb"})["message"] == TEXT_RULE
    with TestClient(limited) as client:
        assert client.create("things", {"id": "ok"})["id"] == "ok"
        assert refusal(client, {"id": "long"})["message"].startswith("This value must be shorter")
        assert refusal(client, {"id": "bad"})["message"] == "Not this one."


@pytest.mark.parametrize("kind", KINDS)
def test_no_hook_changes_the_id_of_a_document(kind: str) -> None:
    """What a hook writes there is not stored, not logged and not shown."""

    def meddle(ctx: Any) -> None:
        if ctx.operation == "update" or kind in ("integer", "uuid"):
            ctx.data["id"] = "meddled"

    config = Config(collections=[with_ids(kind, "things", [fields.Text("title")], hooks={"before_change": [meddle]})])
    with TestClient(config) as client:
        _, id = make(client, kind, "things", {"title": "a"})
        assert client.update_document("things", id, {"title": "b"})["id"] == id
        assert [doc["id"] for doc in client.find("things").docs] == [id]
        assert [(change.id, (change.after or {})["id"]) for change in logged(client)] == [(id, id)] * 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_has_an_id_of_its_own(kind: str) -> None:
    """Made as for any document, or of the original's where that is a text; a number has to be given."""
    with TestClient(Config(collections=[with_ids(kind, "things", [fields.Text("title")])])) as client:
        _, id = make(client, kind, "things", {"title": "a"})
        if kind == "number":
            with pytest.raises(ValidationError):
                client.duplicate_document("things", id)
            assert client.duplicate_document("things", id, {"id": 5})["id"] == 5
        else:
            copy = client.duplicate_document("things", id)
            assert copy["title"] == "a"
            assert copy["id"] != id
            assert kind != "text" or copy["id"] == f"{id} - Copy"
        assert client.system.count("things") == 2


@pytest.mark.parametrize("kind", KINDS)
def test_documents_are_asked_for_by_their_ids(kind: str) -> None:
    """In a list, by comparison, in order, and through relations; what can be no id finds nothing."""
    config = Config(collections=[
        with_ids(kind, "things", [fields.Text("title"), fields.Relationship("next", relation_to="things")])
    ])  # fmt: skip
    with TestClient(config) as client:
        _, one, two, three = make(client, kind, "things", {"title": "1"}, {"title": "2"}, {"title": "3"})
        client.update_document("things", one, {"next": two})

        def titles(where: Any, sort: str = "id") -> str:
            return "".join(doc["title"] for doc in client.find("things", where=where, sort=sort).docs)

        assert titles({"id": {"equals": two}}) == "2"
        assert titles({"id": {"equals": str(two)}}) == "2"
        assert titles({"id": {"not_equals": two}}) == "13"
        assert titles({"id": {"in": [one, three, "nothing"]}}) == "13"
        assert titles({"id": {"not_in": [one, three]}}) == "2"
        assert titles({"id": {"greater_than": one}}) == "23"
        assert titles({"id": {"less_than_equal": two}}, "-id") == "21"
        assert titles({"id": {"exists": True}}) == "123"
        assert titles({"next.id": {"equals": two}}) == "1"
        assert titles({"next": {"in": [two, three]}}) == "1"
        assert titles({}, "-next,-id") == "132"
        for wrong in ("nothing", "", -77, 10**30, 1.5):
            assert titles({"id": {"equals": wrong}}) == ""
            assert titles({"next": {"equals": wrong}}) in ("", "23")


def test_numbers_are_compared_with_any_number() -> None:
    """Also with one that is no id."""
    with TestClient(things()) as client:
        client.create("things", {})
        assert client.system.count("things", {"id": {"greater_than": -1}}) == 1
        assert client.system.count("things", {"id": {"less_than": -1}}) == 0


def test_a_text_id_is_searched_like_a_text() -> None:
    """By words and by parts."""
    with TestClient(things(fields.Text("id"))) as client:
        for id in ("red-apple", "green-apple", "pear"):
            client.create("things", {"id": id})
        assert client.system.count("things", {"id": {"contains": "APPLE"}}) == 2
        assert client.system.count("things", {"id": {"like": "apple red"}}) == 1
        assert client.system.count("things", {"id": {"not_like": "apple"}}) == 1


def fill_mixed(client: TestClient) -> dict[str, Any]:
    """A document in each collection, and a link to each: by every field that can lead there."""
    ids = {
        "counted": client.create("counted", {})["id"],
        "by-uuid": client.create("by-uuid", {})["id"],
        "named": client.create("named", {"id": "1"})["id"],
        "numbered": client.create("numbered", {"id": 1})["id"],
    }
    for slug, id in ids.items():
        value = {"relationTo": slug, "value": id}
        other = {"relationTo": "numbered", "value": 1}
        client.create("links", {"name": slug, "to": value, "several": [other, value], "rows": [{"to": value}]})
    return ids


def names(client: TestClient, where: Any) -> set[str]:
    """The links that match, by SQL; a test in memory says the same of each, as streams do."""
    found = {doc["name"] for doc in client.find("links", where=where, depth=0, pagination=False).docs}

    async def matching() -> set[str]:
        collection = client.app.collections["links"]
        condition = await bind_where(where, collection, Asker(client.app.core, system=True))
        documents = await client.app.as_system().find("links", depth=0, pagination=False)
        return {doc["name"] for doc in documents.docs if condition.test(doc)}

    assert client.run(matching()) == found
    return found


@pytest.mark.parametrize("path", ["to", "rows.to"])
def test_a_reference_leads_to_collections_of_any_kind(path: str) -> None:
    """An id is what any of the collections reads in it; with the collection it is one document."""
    with TestClient(mixed()) as client:
        ids = fill_mixed(client)
        ones = {"counted", "named", "numbered"}
        assert names(client, {f"{path}.value": {"equals": "1"}}) == ones
        assert names(client, {f"{path}.value": {"not_equals": 1}}) == {"by-uuid"}
        assert names(client, {f"{path}.value": {"in": ["1", ids["by-uuid"].upper()]}}) == {*ones, "by-uuid"}
        assert names(client, {f"{path}.value": {"not_in": [1]}}) == {"by-uuid"}
        assert names(client, {f"{path}.value": {"exists": True}}) == set(MIXED)
        assert names(client, {f"{path}.value": {"equals": None}}) == set()
        for slug, id in ids.items():
            assert names(client, {path: {"equals": {"relationTo": slug, "value": str(id)}}}) == {slug}
        assert names(client, {path: {"equals": {"relationTo": "nowhere", "value": 1}}}) == set()
        assert names(client, {path: {"equals": {"relationTo": "counted", "value": "x"}}}) == set()


def test_a_whole_value_is_one_element_of_a_list() -> None:
    """Not the collection of one and the id of another."""
    with TestClient(mixed()) as client:
        ids = fill_mixed(client)
        value = {"relationTo": "by-uuid", "value": ids["by-uuid"]}
        assert names(client, {"several": {"equals": value}}) == {"by-uuid"}
        assert names(client, {"several": {"equals": {**value, "value": 1}}}) == set()
        assert names(client, {"several.value": {"not_equals": ids["by-uuid"]}}) == {"counted", "named", "numbered"}
        assert names(client, {"several.value": {"in": [1]}}) == set(MIXED)


def test_ids_of_several_kinds_have_no_order() -> None:
    """A comparison that means nothing is refused, not answered somehow."""
    with TestClient(mixed()) as client:
        for operator in ("greater_than", "less_than_equal"):
            with pytest.raises(QueryError):
                client.find("links", where={"to.value": {operator: 1}})


def test_references_are_populated_whatever_the_kind_of_ids() -> None:
    """Each from its own collection, in lists, in rows and alone."""
    with TestClient(mixed()) as client:
        ids = fill_mixed(client)
        client.create("links", {"name": "plain", "named": "1", "uuids": [ids["by-uuid"]]})
        docs = {doc["name"]: doc for doc in client.find("links", depth=1, pagination=False).docs}
        for slug, id in ids.items():
            assert docs[slug]["to"]["value"]["id"] == id
            assert docs[slug]["several"][1]["value"]["id"] == id
            assert docs[slug]["rows"][0]["to"]["value"]["id"] == id
        assert docs["plain"]["named"]["id"] == "1"
        assert docs["plain"]["uuids"][0]["id"] == ids["by-uuid"]


@pytest.mark.parametrize("source", KINDS)
@pytest.mark.parametrize("target", KINDS)
def test_references_are_read_from_both_sides_and_let_go(target: str, source: str) -> None:
    """By joins, in rows and in blocks, whatever ids the referring document has and whatever the one it refers to."""
    to_tag = fields.Relationship("tag", relation_to="tags")
    paths = {"alone": "tag", "among": "tags", "either": "any", "in_rows": "rows.tag"}
    tags = with_ids(target, "tags", [fields.Join(name, collection="posts", on=path) for name, path in paths.items()])
    posts = with_ids(source, "posts", [
        to_tag, fields.Relationship("tags", relation_to="tags", has_many=True),
        fields.Relationship("any", relation_to=["posts", "tags"]), fields.Array("rows", fields=[to_tag]),
        fields.Blocks("blocks", blocks=[fields.Block("b", fields=[to_tag])]),
    ])  # fmt: skip
    with TestClient(Config(collections=[tags, posts])) as client:
        _, one, two = make(client, target, "tags", {}, {})
        data = {"tag": one, "tags": [two, one], "any": {"relationTo": "tags", "value": one}, "rows": [{"tag": one}]}
        _, post = make(client, source, "posts", {**data, "blocks": [{"blockType": "b", "tag": one}]})
        shown = client.get_document("tags", one, depth=1)
        assert [[doc["id"] for doc in shown[name]["docs"]] for name in paths] == [[post]] * len(paths)
        assert client.system.count("posts", {"blocks.tag": {"equals": str(one)}}) == 1
        client.delete_document("tags", one)
        left = client.get_document("posts", post, depth=0)
        assert (left["tag"], left["tags"], left["rows"][0]["tag"], left["blocks"][0]["tag"]) == (
            None,
            [two],
            None,
            None,
        )
        assert "any" not in left


@pytest.mark.parametrize("value", ["2", "", "..", "x" * 300, 7])
def test_a_reference_to_no_document_is_refused(value: Any) -> None:
    """Whatever the text, as of numbers."""
    with TestClient(mixed()) as client:
        fill_mixed(client)
        with pytest.raises(ValidationError, match="invalid"):
            client.create("links", {"to": {"relationTo": "named", "value": value}})


def test_references_are_stored_in_the_type_of_their_target(database_kind: str) -> None:
    """In the document's own column and in the table of references, where the database checks them."""
    with TestClient(mixed()) as client:
        whole = "INTEGER" if database_kind == "sqlite" else "BIGINT"
        declared = columns(client, "links__refs")
        assert {slug: declared[f"to_{slug.replace('-', '_')}"] for slug in MIXED} == dict(
            zip(MIXED, (whole, "TEXT", "TEXT", whole), strict=True)
        )
        assert columns(client, "links")["named"] == "TEXT"
        fill_mixed(client)
        kinds = "typeof" if database_kind == "sqlite" else "pg_typeof"
        stored = rows(client, f"SELECT {kinds}(to_named) FROM links__refs WHERE to_named IS NOT NULL")
        assert set(stored) == {("text",)}


def test_the_user_in_a_rule_is_one_document_of_his_collection() -> None:
    """`$user.id` under a reference that says where it leads never means somebody else of the same id."""
    users = [Collection(slug, auth=True, fields=[fields.Text("id")]) for slug in ("users", "customers")]
    notes = Collection("notes", fields=[fields.Relationship("owner", relation_to=["users", "customers"])])
    with TestClient(Config(collections=[*users, notes])) as client:
        ada = client.user("ada@example.com", id="same")
        eve = client.user("eve@example.com", id="same", collection="customers")
        for user in (ada, eve):
            client.create("notes", {"owner": {"relationTo": user.collection, "value": user.id}})

        def owners(rule: Any, user: Any) -> list[str]:
            async def find() -> list[str]:
                core = client.app.core
                where = for_user(rule, {**user, "collection": user.collection})
                condition = await bind_rule(where, core.collection("notes"), Asker(core, system=True))
                documents = (await client.app.as_system().find("notes", depth=0)).docs
                return [doc["owner"]["relationTo"] for doc in documents if condition.test(doc)]

            return client.run(find())

        for user in (ada, eve):
            assert owners({"owner.value": {"equals": "$user.id"}}, user) == [user.collection]
            assert owners({"owner.value": {"not_equals": "$user.id"}}, user) != [user.collection]
            assert owners({"owner.value": {"in": ["$user.id"]}}, user) == []


WRONG_DECLARATIONS = [
    ({"fields": [fields.Checkbox("id")]}, "an id is a text or a number"),
    ({"fields": [fields.Group("id", fields=[fields.Text("x")])]}, "an id is a text or a number"),
    ({"fields": [fields.Relationship("id", relation_to="things")]}, "an id is a text or a number"),
    ({"fields": [fields.Text("id", localized=True)]}, "localized is not for an id"),
    ({"fields": [fields.Text("id", hidden=True)]}, "hidden is not for an id"),
    ({"fields": [fields.Text("id", virtual=True)]}, "virtual is not for an id"),
    ({"fields": [fields.Text("id", has_many=True)]}, "an id is a text or a number"),
    ({"fields": [fields.Text("id", access={"read": "staff"})]}, "access.read is not for an id"),
    ({"fields": [fields.Text("id", hooks={"after_read": [lambda ctx: "x"]})]}, "hooks.after_read is not for an id"),
    ({"fields": [fields.Row(fields=[fields.Text("id")], admin={"condition": lambda *_: True})]}, "admin.condition"),
    ({"fields": [fields.Text("id")], "id_type": "uuid"}, "id_type is for collections that do not declare"),
    ({"fields": [], "id_type": "uid"}, "'uid' is not a type of ids – did you mean 'uuid'?"),
    ({"fields": [], "id_type": "serial"}, "integer, uuid"),
]


@pytest.mark.parametrize(("options", "message"), WRONG_DECLARATIONS, ids=[message for _, message in WRONG_DECLARATIONS])
def test_what_cannot_be_an_id_is_a_mistake_at_the_start(options: dict[str, Any], message: str) -> None:
    """Each is named with its collection."""
    with pytest.raises(ConfigError) as refused:
        compile_config(Config(collections=[Collection("things", **options)]))
    assert "things" in str(refused.value)
    assert message in str(refused.value)


def test_an_index_may_begin_with_the_id() -> None:
    """The declared id is a column like others, for indexes over several fields."""
    with TestClient(things(fields.Text("id"), indexes=[{"fields": ["title", "id"]}])) as client:
        assert indexed(client, "things", "ix_things_title_id") == ["title", "id"]


def test_an_id_may_stand_in_a_row_or_a_tab() -> None:
    """What only arranges fields adds no level."""
    declared = fields.Tabs(tabs=[fields.Tab(label="A", fields=[fields.Row(fields=[fields.Text("id")])])])
    with TestClient(things(declared)) as client:
        assert next(iter(client.create("things", {"id": "a"}))) == "id"
        assert client.get_document("things", "a")["id"] == "a"


async def start(database: str, config: Config) -> None:
    app = Headless(config.replace(database=database, secret="a secret for this test"))
    try:
        await app.startup()
    finally:
        await app.aclose()


@pytest.mark.parametrize(
    ("before", "after"), [("integer", "uuid"), ("integer", "text"), ("text", "number"), ("number", "integer")]
)
async def test_the_kind_of_ids_of_stored_documents_does_not_change(tmp_path: Any, before: str, after: str) -> None:
    """The start says so, and what to do; the rows are as they were."""
    database = f"sqlite:///{tmp_path}/ids.db"
    await start(database, Config(collections=[with_ids(before, "things")]))
    with pytest.raises(ConfigError, match=r"things\.id.* make a new collection and copy the documents"):
        await start(database, Config(collections=[with_ids(after, "things")]))
    await start(database, Config(collections=[with_ids(before, "things")]))


def test_the_schema_of_an_id_is_that_of_its_kind() -> None:
    """What a description of the API says of documents, and of references to them."""
    compiled = compile_config(mixed()).collections
    schemas = {slug: compiled[slug].id_schema for slug in MIXED}
    assert schemas["counted"] == {"type": "integer"}
    assert schemas["by-uuid"] == {"type": "string", "format": "uuid"}
    assert (schemas["named"]["type"], schemas["numbered"]["type"]) == ("string", "integer")
