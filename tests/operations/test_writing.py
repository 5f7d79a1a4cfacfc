"""Writing a document: what is kept that was not sent, defaults, conditions, validation and uniqueness."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headless import Collection, Config, Index, NotFound, ValidationError, fields
from headless.fields import FieldContext
from headless.testing import StillClock, TestClient
from tests.rest.watching import watched

Errors = list[dict[str, Any]]


def posts(*declared: Any, **options: Any) -> Config:
    return Config(collections=[Collection("posts", fields=list(declared), **options)])


def refused(call: Callable[[], Any]) -> Errors:
    """The failures of a write that is refused."""
    with pytest.raises(ValidationError) as caught:
        call()
    return caught.value.errors


def test_rows_keep_their_ids_and_what_was_not_sent_of_them() -> None:
    """A row that comes with its id is the same row, wherever it stands now; one without is new."""
    rows = fields.Array("rows", fields=[fields.Text("a"), fields.Text("b", default_value="fresh"),
                                        fields.Array("inner",
                                            fields=[fields.Text("c"), fields.Text("d")])])  # fmt: skip
    with TestClient(posts(rows)) as client:
        made = client.create("posts", {"rows": [{"a": "1", "inner": [{"c": "x", "d": "y"}]}, {"a": "2", "b": "kept"}]})
        one, two = made["rows"]
        inner = one["inner"][0]
        assert len({one["id"], two["id"], inner["id"]}) == 3
        changed = client.update_document("posts", 1, {"rows": [
            {"id": two["id"], "a": "2!"}, {"a": "new"}, {"id": one["id"], "inner": [{"id": inner["id"], "d": "z"}]},
        ]})["rows"]  # fmt: skip
    assert changed[0] == {"id": two["id"], "a": "2!", "b": "kept", "inner": []}
    assert (changed[1]["a"], changed[1]["b"]) == ("new", "fresh")
    assert changed[1]["id"] not in (one["id"], two["id"])
    assert changed[2]["a"] == "1"
    assert changed[2]["inner"] == [{"id": inner["id"], "c": "x", "d": "z"}]


def test_arrays_are_replaced_and_groups_merged() -> None:
    """A row that is left out is gone; a sub-field that is left out stays; null empties."""
    group = fields.Group(
        "grp", fields=[fields.Text("a"), fields.Group("deep", fields=[fields.Text("b"), fields.Text("c")])]
    )
    with TestClient(posts(group, fields.Array("rows", fields=[fields.Text("a")]))) as client:
        client.create("posts", {"grp": {"a": "1", "deep": {"b": "2", "c": "3"}}, "rows": [{"a": "x"}, {"a": "y"}]})
        changed = client.update_document("posts", 1, {"grp": {"deep": {"c": None}}, "rows": [{"a": "z"}]})
        assert changed["grp"] == {"a": "1", "deep": {"b": "2", "c": None}}
        assert [row["a"] for row in changed["rows"]] == ["z"]
        emptied = client.update_document("posts", 1, {"rows": None, "grp": None})
        assert emptied["rows"] == []
        assert emptied["grp"] == {"a": "1", "deep": {"b": "2", "c": None}}


def test_unknown_keys_are_left_out() -> None:
    """At every level, without a word, as clients send back what they were shown."""
    rows = fields.Array("rows", fields=[fields.Text("a")])
    with TestClient(posts(rows, fields.Group("grp", fields=[fields.Text("b")]))) as client:
        made = client.create(
            "posts", {"nope": 1, "id": 77, "_rev": 5, "rows": [{"a": "x", "nope": 1}], "grp": {"nope": 1}}
        )
        assert made["id"] == 1
        assert set(made) == {"id", "rows", "grp", "createdAt", "updatedAt"}
        assert set(made["rows"][0]) == {"id", "a"}
        assert made["grp"] == {"b": None}


def test_defaults() -> None:
    """Values, functions of the context, async ones, `now`; in groups and rows; never in place of a given null."""

    async def later(context: FieldContext) -> str:
        return f"by {context.operation}"

    rows = fields.Array("rows", fields=[fields.Text("a"), fields.Text("b", default_value="row")])
    declared = [
        fields.Text("plain", default_value="x"),
        fields.Text("called", default_value=lambda context: context.data["seed"]),
        fields.Text("seed"), fields.Text("later", default_value=later), fields.Date("day", default_value="now"),
        fields.Group("grp", fields=[fields.Number("n", default_value=0)]), rows, fields.Checkbox("flag", required=True),
        fields.Json("data", default_value={"list": [1]}),
    ]  # fmt: skip
    with TestClient(posts(*declared), clock=StillClock()) as client:
        made = client.create("posts", {"seed": "s", "rows": [{"a": "1"}]})
        assert (made["plain"], made["called"], made["later"]) == ("x", "s", "by create")
        assert made["day"] == made["createdAt"] == "2026-01-01T00:00:00.000Z"
        assert (made["grp"], made["rows"][0]["b"], made["flag"], made["data"]) == (
            {"n": 0},
            "row",
            False,
            {"list": [1]},
        )
        given = client.create("posts", {"seed": "s", "plain": None, "day": None, "grp": {"n": None}})
        assert (given["plain"], given["day"], given["grp"]) == (None, None, {"n": None})
        kept = client.update_document("posts", 2, {"seed": "t"})
        assert kept["plain"] is None


def test_every_failure_is_told_at_once_with_path_and_label() -> None:
    """Through groups and rows, as the wire words it."""
    meta = fields.Group("meta", label="About", fields=[fields.Text("word", required=True)])
    rows = fields.Array("rows", fields=[fields.Row(fields=[fields.Number("qty", max=3)])])
    with TestClient(posts(fields.Text("title", required=True), meta, rows)) as client:
        errors = refused(lambda: client.create("posts", {"rows": [{"qty": 1}, {"qty": 9}]}))
    assert errors == [
        {"label": "Title", "message": "This field is required.", "path": "title"},
        {"label": "About > Word", "message": "This field is required.", "path": "meta.word"},
        {"label": "Rows 2 > Qty", "message": "9 is greater than the max allowed Value of 3.", "path": "rows.1.qty"},
    ]


def test_an_update_is_validated_whole() -> None:
    """A required field cannot be emptied; one that was not sent is still there."""
    with TestClient(posts(fields.Text("title", required=True), fields.Text("note"))) as client:
        client.create("posts", {"title": "x"})
        assert client.update_document("posts", 1, {"note": "n"})["title"] == "x"
        for empty in (None, ""):
            errors = refused(lambda empty=empty: client.update_document("posts", 1, {"title": empty}))  # type: ignore[misc]
            assert errors[0]["path"] == "title"


def test_a_condition_that_is_false_switches_validation_off() -> None:
    """It is given the document, the siblings and the context; a container's condition holds for all inside."""

    def advanced(data: Any, siblings: Any, context: FieldContext) -> bool:
        return bool(data.get("advanced"))

    async def odd(data: Any, siblings: Any, context: FieldContext) -> bool:
        return bool(siblings.get("n", 0) % 2)

    rows = fields.Array(
        "rows", fields=[fields.Number("n"), fields.Text("why", required=True, admin={"condition": odd})]
    )
    box = fields.Collapsible("More", fields=[fields.Text("extra", required=True)], admin={"condition": advanced})
    with TestClient(posts(fields.Checkbox("advanced"), box, rows)) as client:
        assert client.create("posts", {"rows": [{"n": 2}]})["extra"] is None
        errors = refused(lambda: client.create("posts", {"advanced": True, "rows": [{"n": 2}, {"n": 3}]}))
    assert [error["path"] for error in errors] == ["extra", "rows.1.why"]


def never(*_: Any) -> bool:
    return False


@pytest.mark.parametrize(
    ("field", "values"),
    [
        (fields.Number("it", admin={"condition": never}), ["abc", {"a": 1}, [1], True]),
        (fields.Text("it", admin={"condition": never}), [[1], {}, True]),
        (fields.Date("it", admin={"condition": never}), [[1], {}]),
        (fields.Checkbox("it", admin={"condition": never}), ["abc", [], 7]),
        (fields.Select("it", options=["a"], has_many=True, admin={"condition": never}), [5, {"a": 1}, [[1]]]),
        (fields.Relationship("it", relation_to="posts", admin={"condition": never}), ["abc", 99, [1], {"id": {}}]),
        (fields.Relationship("it", relation_to="posts", has_many=True, admin={"condition": never}), ["x", [99], [{}]]),
        (fields.Relationship("it", relation_to=["posts"], admin={"condition": never}),
            ["x", {"relationTo": "posts", "value": 99}, {"relationTo": [], "value": []}]),
        (fields.Array("it", fields=[fields.Number("n")], admin={"condition": never}), ["x", [1], [{"n": "abc"}]]),
        (fields.Group("it", fields=[fields.Number("n")], admin={"condition": never}), ["x", [1], {"n": "abc"}]),
    ],
    ids=lambda given: type(given).__name__,
)  # fmt: skip
def test_what_cannot_be_stored_is_refused_under_a_false_condition_too(field: fields.Field, values: list[Any]) -> None:
    """Never a failure of the database, and never a value that breaks the queries of others."""
    with watched(posts(field, access="anyone")) as client:
        for value in values:
            assert client.post("/api/posts", json={"it": value}).status_code == 400, value
        assert client.post("/api/posts", json={"it": None}).status_code == 201


def test_custom_validators() -> None:
    """True is fine, a text is the message, anything else is refused; they know where they are, and may be async."""
    seen: list[Any] = []

    def no_foo(value: Any, context: FieldContext) -> bool | str:
        seen.append((context.operation, context.path, context.previous_value, context.sibling_data.get("title")))
        return "foo is not allowed here" if value == "foo" else True

    async def wrong(value: Any, context: FieldContext) -> Any:
        return False if value == "bad" else None

    grp = fields.Group("grp", fields=[fields.Text("title"), fields.Text("word", validate=no_foo)])
    with TestClient(posts(grp, fields.Text("other", validate=wrong))) as client:
        client.create("posts", {"grp": {"title": "t", "word": "bar"}})
        errors = refused(lambda: client.update_document("posts", 1, {"grp": {"word": "foo"}, "other": "bad"}))
    assert seen == [("create", ("grp", "word"), None, "t"), ("update", ("grp", "word"), "bar", "t")]
    assert [(error["path"], error["message"]) for error in errors] == [
        ("grp.word", "foo is not allowed here"), ("other", "This field has an invalid value."),
    ]  # fmt: skip


def test_a_custom_validator_runs_after_the_types_own() -> None:
    """A value that the type refuses never reaches it."""
    seen: list[Any] = []
    with TestClient(posts(fields.Number("n", validate=lambda value, context: seen.append(value)))) as client:
        refused(lambda: client.create("posts", {"n": "x"}))
        assert seen == []
        client.create("posts", {"n": "4"})
    assert seen == [4]


def test_a_unique_value_is_one_documents() -> None:
    """Refused on create and update with its path, in groups too; null is nobody's; its own document may keep it."""
    grp = fields.Group("grp", fields=[fields.Text("code", unique=True)])
    with TestClient(posts(fields.Text("slug", unique=True), grp)) as client:
        client.create("posts", {"slug": "a", "grp": {"code": "1"}})
        client.create("posts", {})
        client.create("posts", {})
        assert client.update_document("posts", 1, {"slug": "a"})["slug"] == "a"
        expected = {"message": "Value must be unique", "path": "slug", "tableName": "posts"}
        assert refused(lambda: client.create("posts", {"slug": "a"})) == [expected]
        assert refused(lambda: client.update_document("posts", 2, {"slug": "a"})) == [expected]
        assert refused(lambda: client.create("posts", {"grp": {"code": "1"}}))[0]["path"] == "grp.code"
        client.delete_document("posts", 1)
        client.create("posts", {"slug": "a"})


def test_an_index_over_several_fields_is_unique_together() -> None:
    """The failure is told of the first of them."""
    index = Index(fields=["year", "number"], unique=True)
    with TestClient(posts(fields.Number("year"), fields.Number("number"), indexes=[index])) as client:
        client.create("posts", {"year": 1, "number": 1})
        client.create("posts", {"year": 1, "number": 2})
        assert refused(lambda: client.create("posts", {"year": 1, "number": 1}))[0]["path"] == "year"


def test_timestamps() -> None:
    """Set by the clock; `updatedAt` moves with every change; null cannot take them away; both can be declared away."""
    clock = StillClock()
    with TestClient(posts(fields.Text("title")), clock=clock) as client:
        made = client.create("posts", {})
        clock.move(60)
        changed = client.update_document("posts", 1, {"title": "x", "createdAt": None, "updatedAt": None})
        assert made["createdAt"] == made["updatedAt"] == changed["createdAt"] == "2026-01-01T00:00:00.000Z"
        assert changed["updatedAt"] == "2026-01-01T00:01:00.000Z"
    with TestClient(posts(fields.Text("title"), timestamps=False)) as client:
        assert client.create("posts", {"title": "x"}) == {"id": 1, "title": "x"}


def test_many_are_changed_and_deleted_by_where_each_by_itself() -> None:
    """Those that fail are told with their id, the others are done."""
    with TestClient(posts(fields.Text("title", required=True), fields.Text("slug", unique=True))) as client:
        for title in "abc":
            client.create("posts", {"title": title})
        result = client.system.update("posts", where={"title": {"in": ["a", "b"]}}, data={"slug": "one"}, sort="title")
        assert [doc["title"] for doc in result.docs] == ["a"]
        assert result.errors == [{"id": 2, "isPublic": True, "message": "The following field is invalid: slug"}]
        limited = client.system.update(
            "posts", where={"id": {"exists": True}}, data={"slug": None}, sort="-title", limit=1
        )
        assert [doc["title"] for doc in limited.docs] == ["c"]
        gone = client.system.delete("posts", where={"title": {"not_equals": "b"}})
        assert sorted(doc["title"] for doc in gone.docs) == ["a", "c"]
        assert client.system.count("posts") == 1


def test_an_id_never_returns() -> None:
    """The id of a deleted document is nobody else's."""
    with TestClient(posts(fields.Text("title"))) as client:
        client.create("posts", {})
        client.delete_document("posts", 1)
        assert client.create("posts", {})["id"] == 2
        for call in (client.get_document, client.delete_document):
            with pytest.raises(NotFound):
                call("posts", 1)
        with pytest.raises(NotFound):
            client.update_document("posts", 1, {})


def test_the_callers_data_is_left_as_it_was() -> None:
    """Nothing that is given to the local API is changed, however deep, and answers are nobody else's either."""
    rows = fields.Array("rows", fields=[fields.Text("a")])
    default = {"k": [1]}
    with TestClient(
        posts(rows, fields.Json("data", default_value=default), fields.Group("g", fields=[fields.Number("n")]))
    ) as client:
        data: dict[str, Any] = {"rows": [{"a": 1}], "g": {"n": "5"}}
        made = client.create("posts", data)
        assert data == {"rows": [{"a": 1}], "g": {"n": "5"}}
        made["data"]["k"].append(2)
        assert client.create("posts", {})["data"] == {"k": [1]}
