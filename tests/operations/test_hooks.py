"""Hooks: which run, in which order, with what they are given, and what becomes of what they return."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headless import ApiError, Collection, Config, HookContext, JSONResponse, ValidationError, fields
from headless.fields import FieldContext
from headless.testing import TestClient
from tests.operations.watching import logged, rows

COLLECTION_KINDS = (
    "before_operation", "before_validate", "before_change", "after_change", "before_read", "after_read",
    "before_delete", "after_delete", "after_operation", "after_commit",
)  # fmt: skip
FIELD_KINDS = ("before_validate", "before_change", "after_read", "after_change")


class Journal:
    """Hooks that note that they ran."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.contexts: dict[str, HookContext] = {}

    def hook(self, name: str) -> Callable[[HookContext], None]:
        def note(context: HookContext) -> None:
            self.lines.append(name)
            self.contexts[name] = context

        return note

    def of_collection(self) -> dict[str, Any]:
        return {kind: self.hook(kind) for kind in COLLECTION_KINDS}

    def of_field(self, name: str = "title") -> dict[str, Any]:
        return {kind: self.hook(f"{name}.{kind}") for kind in FIELD_KINDS}

    def rule(self, context: Any) -> bool:
        self.lines.append("access")
        return True

    def validate(self, value: Any, context: FieldContext) -> bool:
        self.lines.append("title.validate")
        return True


def journalled() -> tuple[Journal, Config]:
    journal = Journal()
    title = fields.Text("title", hooks=journal.of_field(), validate=journal.validate)
    posts = Collection("posts", fields=[title], access={"read": journal.rule, "create": journal.rule,
                       "update": journal.rule, "delete": journal.rule}, hooks=journal.of_collection())  # fmt: skip
    return journal, Config(collections=[posts])


def test_the_order_of_a_create() -> None:
    """Nothing runs for who may not create; values are validated last; reading back comes before the after-hooks."""
    journal, config = journalled()
    with TestClient(config) as client:
        client.create("posts", {"title": "x"}, as_=None)
    assert journal.lines == [
        "before_operation", "access", "title.before_validate", "before_validate", "before_change",
        "title.before_change", "title.validate", "title.after_read", "after_read", "title.after_change",
        "after_change", "after_operation", "after_commit",
    ]  # fmt: skip


def test_the_order_of_an_update() -> None:
    """As for a create; the document is found after the rule was asked."""
    journal, config = journalled()
    with TestClient(config) as client:
        client.create("posts", {"title": "x"})
        journal.lines.clear()
        client.update_document("posts", 1, {"title": "y"}, as_=None)
    assert journal.lines == [
        "before_operation", "access", "title.before_validate", "before_validate", "before_change",
        "title.before_change", "title.validate", "title.after_read", "after_read", "title.after_change",
        "after_change", "after_operation", "after_commit",
    ]  # fmt: skip


def test_the_order_of_a_delete() -> None:
    """The document is read before it goes, and shown to the hooks after."""
    journal, config = journalled()
    with TestClient(config) as client:
        client.create("posts", {"title": "x"})
        journal.lines.clear()
        client.delete_document("posts", 1, as_=None)
    assert journal.lines == [
        "before_operation", "access", "before_delete", "title.after_read", "after_read", "after_delete",
        "after_operation", "after_commit",
    ]  # fmt: skip


@pytest.mark.parametrize("many", [True, False])
def test_the_order_of_a_read(many: bool) -> None:
    """A list and a document are read alike."""
    journal, config = journalled()
    with TestClient(config) as client:
        client.create("posts", {"title": "x"})
        journal.lines.clear()
        if many:
            client.find("posts", as_=None)
        else:
            client.get_document("posts", 1, as_=None)
    assert journal.lines == [
        "before_operation", "access", "before_read", "title.after_read", "after_read", "after_operation"
    ]  # fmt: skip
    assert journal.contexts["after_read"].args == {"find_many": many}


def test_a_denied_operation_reaches_no_hook_but_the_first() -> None:
    """What a rule refuses is refused before anything looks at the data."""
    journal = Journal()
    posts = Collection("posts", fields=[fields.Text("title")], access="nobody", hooks=journal.of_collection())
    with TestClient(Config(collections=[posts])) as client:
        assert client.post("/api/posts", json={"title": "x"}).status_code == 403
        assert client.patch("/api/posts/1", json={"title": "x"}).status_code == 403
        assert client.delete("/api/posts/1").status_code == 403
    assert set(journal.lines) == {"before_operation"}


def test_what_hooks_are_given() -> None:
    """The user, the document before and after, the operation, both APIs, and one state for the whole request."""
    seen: dict[str, Any] = {}

    def remember(context: HookContext) -> None:
        context.state.setdefault("steps", []).append(context.operation)
        seen["before"] = (context.operation, context.user and context.user["email"], context.data, context.doc)
        seen["collection"], seen["path"] = context.collection, context.request and context.request.url.path

    async def after(context: HookContext) -> None:
        context.state["steps"].append("after")
        seen["after"] = (context.previous.get("title"), context.doc["title"], context.id, context.state["steps"])
        seen["asker sees"] = await context.api.count("secrets")
        seen["system sees"] = await context.system.count("secrets")

    secrets = Collection("secrets", fields=[fields.Text("of")],
                         access={"create": "anyone", "read": {"of": {"equals": "$user.email"}}})  # fmt: skip
    posts = Collection("posts", fields=[fields.Text("title")], access="authenticated",
                       hooks={"before_validate": remember, "after_change": after})  # fmt: skip
    with TestClient(Config(collections=[posts, secrets])) as client:
        ada = client.user("ada@example.com")
        client.create("secrets", {"of": "ada@example.com"})
        client.create("secrets", {"of": "somebody else"})
        post = client.post("/api/posts", json={"title": "x"}, as_=ada).json()["doc"]
        client.patch(f"/api/posts/{post['id']}", json={"title": "y"}, as_=ada)
    operation, email, data, doc = seen["before"]
    assert (operation, email, doc["title"]) == ("update", "ada@example.com", "x")
    assert data["title"] == "y"
    assert seen["collection"] == "posts"
    assert seen["path"] == "/api/posts/1"
    assert seen["after"] == ("x", "y", 1, ["update", "after"])
    assert (seen["asker sees"], seen["system sees"]) == (1, 2)


def test_a_created_document_has_no_previous_one() -> None:
    """After a create, `previous` is empty."""
    journal, config = journalled()
    with TestClient(config) as client:
        client.create("posts", {"title": "x"})
    assert journal.contexts["after_change"].previous == {}


@pytest.mark.parametrize("replaces", [True, False])
@pytest.mark.parametrize("kind", ["before_operation", "before_validate", "before_change"])
def test_data_is_changed_in_place_or_replaced(kind: str, replaces: bool) -> None:
    """Both ways work in every hook before the change."""

    def shout(context: HookContext) -> Any:
        if context.data is None:
            return None
        if replaces:
            return {**context.data, "title": context.data["title"].upper()}
        context.data["title"] = context.data["title"].upper()
        return None

    posts = Collection("posts", fields=[fields.Text("title")], hooks={kind: shout})
    with TestClient(Config(collections=[posts])) as client:
        assert client.create("posts", {"title": "x"})["title"] == "X"
        assert client.update_document("posts", 1, {"title": "y"})["title"] == "Y"
        assert client.get_document("posts", 1)["title"] == "Y"


@pytest.mark.parametrize("replaces", [True, False])
@pytest.mark.parametrize("kind", ["after_read", "after_change", "after_operation"])
def test_what_is_shown_is_changed_in_place_or_replaced(kind: str, replaces: bool) -> None:
    """Hooks after the change alter the answer, never what is stored."""

    def mark(context: HookContext) -> Any:
        document = context.result if kind == "after_operation" else context.doc
        if replaces:
            return {**document, "mark": True}
        document["mark"] = True
        return None

    posts = Collection("posts", fields=[fields.Text("title")], hooks={kind: mark})
    with TestClient(Config(collections=[posts])) as client:
        assert client.create("posts", {"title": "x"})["mark"] is True
        (change,) = logged(client)
    assert "mark" not in (change.after or {})


def test_the_hooks_of_a_list_run_one_after_the_other() -> None:
    """Each sees what the one before it left."""

    async def first(context: HookContext) -> dict[str, Any]:
        return {**context.data, "title": context.data["title"] + "1"}

    def second(context: HookContext) -> None:
        context.data["title"] += "2"

    posts = Collection("posts", fields=[fields.Text("title")], hooks={"before_change": [first, second]})
    with TestClient(Config(collections=[posts])) as client:
        assert client.create("posts", {"title": "x"})["title"] == "x12"


@pytest.mark.parametrize("place", ["top", "group", "array"])
@pytest.mark.parametrize("kind", ["before_validate", "before_change", "after_read", "after_change"])
def test_a_fields_hook_replaces_its_value_wherever_the_field_is(kind: str, place: str) -> None:
    """In a document, a group and every row of an array."""

    def shout(context: HookContext) -> Any:
        return context.value.upper() if isinstance(context.value, str) else None

    word = fields.Text("word", hooks={kind: shout})
    wrap: dict[str, Any] = {"top": word, "group": fields.Group("in", fields=[word]),
                            "array": fields.Array("in", fields=[word])}  # fmt: skip
    data: dict[str, Any] = {"top": {"word": "a"}, "group": {"in": {"word": "a"}}, "array": {"in": [{"word": "a"}] * 2}}
    with TestClient(Config(collections=[Collection("posts", fields=[wrap[place]])])) as client:
        made = client.create("posts", data[place])
    words = {"top": lambda: [made["word"]], "group": lambda: [made["in"]["word"]],
             "array": lambda: [row["word"] for row in made["in"]]}[place]()  # fmt: skip
    assert set(words) == {"A"}


def test_a_fields_hook_knows_its_place() -> None:
    """It is given its value, the one before, its siblings, its field and its path."""
    seen: list[Any] = []

    def look(context: HookContext) -> None:
        seen.append(
            (context.value, context.previous_value, dict(context.sibling_data), context.field.name, context.path)
        )

    rows = fields.Array("rows", fields=[fields.Text("word", hooks={"before_change": look}), fields.Number("n")])
    with TestClient(Config(collections=[Collection("posts", fields=[rows])])) as client:
        made = client.create("posts", {"rows": [{"word": "a", "n": 1}]})
        row = made["rows"][0]["id"]
        client.update_document("posts", 1, {"rows": [{"word": "new", "n": 2}, {"id": row, "word": "b"}]})
    created, fresh, kept = seen
    assert created[0:2] == ("a", None)
    assert created[3:] == ("word", ("rows", 0, "word"))
    assert created[2]["n"] == 1
    assert fresh[0:2] == ("new", None)
    assert kept[0:2] == ("b", "a")
    assert kept[4] == ("rows", 1, "word")


def test_a_hook_refuses_with_an_error_of_its_own() -> None:
    """Its status and message reach the client, and nothing is stored."""

    def refuse(context: HookContext) -> None:
        raise ApiError("Sold out.", status=409)

    def invalid(context: HookContext) -> None:
        raise ValidationError([{"path": "title", "message": "Not this."}], collection="others")

    posts = Collection("posts", fields=[fields.Text("title")], access="anyone", hooks={"after_change": refuse})
    others = Collection("others", fields=[fields.Text("title")], access="anyone", hooks={"before_change": invalid})
    with TestClient(Config(collections=[posts, others])) as client:
        answer = client.post("/api/posts", json={"title": "x"})
        assert (answer.status_code, answer.json()) == (409, {"errors": [{"message": "Sold out."}]})
        answer = client.post("/api/others", json={"title": "x"})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["data"]["errors"] == [{"path": "title", "message": "Not this."}]
        assert client.system.count("posts") == client.system.count("others") == 0


def test_the_hooks_of_logging_in() -> None:
    """Before and after a log-in, after asking who one is, a renewal and a log-out; the first of them can refuse."""
    journal = Journal()
    kinds = ("before_login", "after_login", "after_me", "after_refresh", "after_logout")
    hooks = {kind: journal.hook(kind) for kind in kinds} | {"before_login": refuse_banned}
    people = Collection("users", auth=True, fields=[fields.Checkbox("banned")], hooks=hooks)
    with TestClient(Config(collections=[people])) as client:
        ada, eve = client.user("ada@example.com"), client.user("eve@example.com", banned=True)
        for method, route in (("GET", "me"), ("POST", "refresh-token"), ("POST", "logout")):
            assert client.request(method, f"/api/users/{route}", as_=ada).status_code == 200
        answer = client.post("/api/users/login", json={"email": eve.email, "password": eve.password})
        assert (answer.status_code, answer.json()["errors"][0]["message"]) == (403, "You are banned.")
        stored = rows(client, "SELECT sessions FROM users")
    assert journal.lines == ["after_login", "after_me", "after_refresh", "after_logout"]
    assert all(row[0] in (None, "[]") for row in stored)


def refuse_banned(context: HookContext) -> None:
    if context.doc["banned"]:
        raise ApiError("You are banned.", status=403)


def test_an_error_hook_words_the_answer() -> None:
    """The collection's and then the application's own may replace the response to a failure."""

    def tell(context: HookContext) -> dict[str, Any]:
        return {"response": {"oops": type(context.error).__name__}, "status": 418}

    posts = Collection("posts", fields=[fields.Text("title")], access="nobody")
    with TestClient(Config(collections=[posts], hooks={"after_error": tell})) as client:
        answer = client.get("/api/posts")
    assert (answer.status_code, answer.json()) == (418, {"oops": "Forbidden"})


def test_error_hooks_run_from_the_inside_out() -> None:
    """The collection's own first, then the application's, which sees what they left; one that fails is passed over."""
    seen: list[Any] = []

    def own(context: HookContext) -> dict[str, Any]:
        seen.append((context.collection, type(context.error).__name__, context.result.status_code))
        return {"response": {"own": True}}

    def broken(context: HookContext) -> None:
        raise RuntimeError

    def root(context: HookContext) -> JSONResponse | None:
        seen.append((context.collection, type(context.error).__name__, context.result.status_code))
        return JSONResponse({"root": True}, status=499) if context.collection == "" else None

    posts = Collection("posts", fields=[fields.Text("title")], access="nobody", hooks={"after_error": [own, broken]})
    with TestClient(Config(collections=[posts], hooks={"after_error": [root, broken]})) as client:
        answer = client.get("/api/posts")
        assert (answer.status_code, answer.json()) == (403, {"own": True})
        answer = client.get("/api/nope")
        assert (answer.status_code, answer.json()) == (499, {"root": True})
    assert seen == [("posts", "Forbidden", 403), ("posts", "Forbidden", 403), ("", "RouteNotFound", 404)]


@pytest.mark.parametrize("ask", ["find", "count", "distinct", "find_distinct"])
def test_a_hook_narrows_every_way_of_reading_a_list(ask: str) -> None:
    """What a hook before the operation keeps out of lists is in no count and among no distinct values."""
    told: list[str] = []

    def only_mine(context: HookContext) -> None:
        told.append(context.operation)
        query = context.args["query"]
        query.where = {"and": [query.where or {}, {"owner": {"equals": "me"}}]}

    posts = Collection("posts", fields=[fields.Text("owner"), fields.Text("title")],
                       hooks={"before_operation": only_mine})  # fmt: skip
    with TestClient(Config(collections=[posts])) as client:
        app = client.app.collections["posts"]
        app.hooks, hooks = {}, app.hooks
        for owner in ("me", "you"):
            client.create("posts", {"owner": owner, "title": owner})
        app.hooks = hooks
        where = {"title": {"exists": True}}
        asked: dict[str, Callable[[], Any]] = {
            "find": lambda: [doc["title"] for doc in client.system.find("posts", where=where).docs],
            "count": lambda: ["me"] * client.system.count("posts", where),
            "distinct": lambda: client.system.distinct("posts", "title", where),
            "find_distinct": lambda: [doc["title"] for doc in client.system.find_distinct("posts", "title").docs],
        }
        found = asked[ask]()
    assert found == ["me"]
    assert told == ["find_distinct" if ask.endswith("distinct") else ask]


def test_the_result_of_a_count_can_be_replaced() -> None:
    """As that of any other operation."""
    posts = Collection("posts", fields=[fields.Text("title")], access="anyone",
                       hooks={"after_operation": lambda context: context.result + 40})  # fmt: skip
    with TestClient(Config(collections=[posts])) as client:
        assert client.get("/api/posts/count").json() == {"totalDocs": 40}


def test_a_fields_hook_knows_what_stood_beside_it() -> None:
    """Around an update it has its level as it was stored: its own value, and its siblings'; a new row has none."""
    seen: list[Any] = []

    def look(context: HookContext) -> None:
        before = context.previous_sibling_data
        seen.append((context.value, context.previous_value, before and before["n"]))

    kinds = ("before_validate", "before_change", "after_change")
    rows = fields.Array("rows", fields=[fields.Text("word", hooks=dict.fromkeys(kinds, look)), fields.Number("n")])
    with TestClient(Config(collections=[Collection("posts", fields=[rows])])) as client:
        row = client.create("posts", {"rows": [{"word": "a", "n": 1}]})["rows"][0]["id"]
        assert seen == [("a", None, None)] * 3
        seen.clear()
        client.update_document("posts", 1, {"rows": [{"word": "new", "n": 2}, {"id": row, "word": "b", "n": 3}]})
    assert seen == [("new", None, None), ("b", "a", 1)] * 3


def test_a_hook_knows_whether_rules_are_asked() -> None:
    """`override_access` is true for the system only, also in the calls that hooks make."""
    seen: list[bool] = []
    posts = Collection("posts", fields=[fields.Text("title")], access="anyone",
                       hooks={"before_change": lambda context: seen.append(context.override_access)})  # fmt: skip
    with TestClient(Config(collections=[posts])) as client:
        client.create("posts", {"title": "x"})
        client.create("posts", {"title": "x"}, as_=None)
    assert seen == [True, False]
