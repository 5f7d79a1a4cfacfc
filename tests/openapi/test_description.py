"""The API's description: valid, complete, true, and no more than the one who asks may know."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from headless import Collection, Config, ConfigError, Endpoint, Headless, Request, anyone, fields, staff
from headless.testing import TestClient, User
from tests.openapi.library import config, people

WHO = ("nobody", "member", "ada", "staff")
METHODS = ("get", "post", "patch", "delete", "put")


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(config()) as client:
        yield client


@pytest.fixture(scope="module")
def users(client: TestClient) -> dict[str, User | None]:
    return people(client)


@pytest.fixture(scope="module")
def told(client: TestClient, users: dict[str, User | None]) -> dict[str, Any]:
    """What each of them is told, and `mine` for what staff may use."""
    answers = {who: client.get("/api/openapi.json", as_=users[who]) for who in WHO}
    answers["mine"] = client.get("/api/openapi.json?mine=true", as_=users["staff"])
    assert all(answer.status_code == 200 for answer in answers.values())
    return {who: answer.json() for who, answer in answers.items()}


@pytest.fixture(scope="module")
def whole(told: dict[str, Any]) -> Any:
    return told["staff"]


def operations(description: Any) -> dict[str, Any]:
    """The operations by method and path, as in `GET /api/books`."""
    return {
        f"{method.upper()} {path}": operation
        for path, found in description["paths"].items()
        for method, operation in found.items()
    }


def schema(description: Any, name: str) -> Any:
    return description["components"]["schemas"][name]


def resolved(description: Any, name: str) -> Any:
    """A schema that a validator can use by itself."""
    return {"$ref": f"#/components/schemas/{name}", "components": description["components"]}


def validate(value: Any, description: Any, name: str) -> None:
    jsonschema.validate(value, resolved(description, name), jsonschema.Draft202012Validator)


@pytest.mark.parametrize("who", [*WHO, "mine"])
def test_it_is_valid(told: dict[str, Any], who: str) -> None:
    """Whatever is told of the API is an OpenAPI 3.1 document, without a reference that leads nowhere."""
    validator = pytest.importorskip(
        "openapi_spec_validator", reason="openapi-spec-validator is not installed: python3 dev.py test installs it"
    )
    validator.validate(told[who])


def test_every_route_is_told_of(client: TestClient, whole: Any) -> None:
    """Each route that is served, those of one's own included, is an operation with a summary."""
    routes = {(method, re.sub(r"\{\w+\}", "{}", path)) for method, path, *_ in client.app.routes() if method != "*"}
    found = {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path)) for path, item in whole["paths"].items() for method in item
    }
    assert found == routes
    assert all(operation["summary"] for operation in operations(whole).values())


def test_every_operation_has_an_id_of_its_own(whole: Any) -> None:
    """Clients name their functions by it."""
    ids = [operation["operationId"] for operation in operations(whole).values()]
    assert len(set(ids)) == len(ids)
    assert {"findBooks", "getBooks", "createBooks", "updateManyBooks", "lendBooks", "library", "loginMembers"} <= {*ids}


def test_every_generated_route_describes_its_answer(whole: Any) -> None:
    """No generated route answers just anything: say `response_schema` where the endpoint is declared."""
    for name, operation in operations(whole).items():
        (status,) = [status for status in operation["responses"] if status.startswith("2")]
        (content,) = operation["responses"][status]["content"].values()
        assert content["schema"], name


def test_a_list_has_its_parameters(whole: Any) -> None:
    """`where` and `select` as the collection's own, in brackets; the others with their limits."""
    parameters = {
        found["name"]: found
        for each in operations(whole)["GET /api/books"]["parameters"]
        for found in [each if "name" in each else whole["components"]["parameters"][each["$ref"].rpartition("/")[2]]]
    }
    assert set(parameters) == {"where", "sort", "limit", "page", "pagination", "depth", "select", "populate"}
    assert {parameters[name]["style"] for name in ("where", "select", "populate")} == {"deepObject"}
    assert parameters["where"]["schema"] == {"$ref": "#/components/schemas/BookWhere"}
    assert parameters["limit"]["schema"] == {"type": "integer", "minimum": 0, "default": 10, "maximum": 10_000}
    assert parameters["depth"]["schema"]["default"] == 2


def test_a_where_knows_the_operators_of_each_field(whole: Any) -> None:
    """Paths through groups and rows included; what cannot be queried is not there."""
    where = schema(whole, "BookWhere")["properties"]
    assert {"title", "seo.headline", "links.label", "author", "id", "and", "or"} <= set(where)
    assert not {"vault", "never", "seo", "links"} & set(where)
    text = schema(whole, where["title"]["$ref"].rpartition("/")[2])["properties"]
    assert text["like"] == {"type": "string"}
    assert text["in"] == {"type": "array", "items": {"type": "string"}, "minItems": 1}
    assert text["exists"] == {"type": "boolean"}


def test_a_body_needs_what_a_create_needs(whole: Any) -> None:
    """Required fields without a default, down to those in groups; none where a condition or the type decides."""
    made = schema(whole, "BookCreate")
    assert set(made["required"]) == {"title", "author", "seo", "links"}
    assert made["properties"]["seo"]["required"] == ["headline"]
    assert made["properties"]["links"]["items"]["required"] == ["label"]
    assert "required" not in schema(whole, "BookUpdate")
    assert set(schema(whole, "MemberCreate")["required"]) == {"email", "password"}


def test_a_body_has_only_what_can_be_written(whole: Any) -> None:
    """Neither what the platform writes itself, nor what no rule lets anybody write; a password is never shown."""
    assert not {"id", "createdAt", "updatedAt", "vault"} & set(schema(whole, "BookCreate")["properties"])
    assert "fixed" in schema(whole, "BookCreate")["properties"]
    assert "fixed" not in schema(whole, "BookUpdate")["properties"]
    assert "sessions" not in schema(whole, "MemberCreate")["properties"]
    assert "password" in schema(whole, "MemberUpdate")["properties"]
    assert "password" not in schema(whole, "Member")["properties"]
    assert schema(whole, "Book")["properties"]["createdAt"]["readOnly"] is True


def test_a_reference_is_an_id_or_a_document(whole: Any) -> None:
    """In answers; in bodies it is an id. Of several collections it says which."""
    shown, sent = (schema(whole, name)["properties"] for name in ("Book", "BookCreate"))
    assert shown["author"]["oneOf"] == [{"type": "integer"}, {"$ref": "#/components/schemas/Member"}]
    assert sent["author"]["type"] == "integer"
    book, note = shown["about"]["items"]["oneOf"]
    assert book["properties"]["relationTo"]["const"] == "books"
    assert note["properties"]["value"]["oneOf"][1] == {"$ref": "#/components/schemas/Note"}


def test_a_field_says_what_it_is_for(whole: Any) -> None:
    """Its description, its default and an example that suits its options."""
    properties = schema(whole, "BookCreate")["properties"]
    assert properties["title"]["description"] == "On the spine."
    assert properties["blurb"]["default"] == "None yet"
    assert properties["title"]["examples"] == ["A quiet launch"]
    assert "examples" not in properties["genre"]


def test_answers_are_as_described(client: TestClient, users: dict[str, User | None], whole: Any) -> None:
    """Pages, documents, what writes answer and errors, populated or not, selected or not."""
    member, staff = users["member"], users["staff"]
    body = {
        "title": "Walden", "author": member, "seo": {"headline": "Woods"}, "links": [{"label": "a"}],
        "genre": ["poem"], "printed": "1854-08-09", "about": [],
    }  # fmt: skip
    body["author"] = member["id"] if member else None
    made = client.post("/api/books", json=body, as_=member)
    assert made.status_code == 201
    validate(made.json(), whole, "BookWritten")
    id = made.json()["doc"]["id"]
    for query in ("", "?depth=0", "?select[title]=true", "?depth=2&populate[members][name]=true"):
        validate(client.get(f"/api/books{query}", as_=staff).json(), whole, "BookPage")
        validate(client.get(f"/api/books/{id}{query}", as_=staff).json(), whole, "Book")
    changed = client.patch("/api/books?where[id][exists]=true", json={"title": "Walden; or"}, as_=staff)
    validate(changed.json(), whole, "BookBulk")
    for wrong in (client.post("/api/books", json={}, as_=staff), client.get("/api/books/99"), client.get("/api/notes")):
        assert wrong.status_code in (400, 403, 404)
        validate(wrong.json(), whole, "ErrorsAnswer")
    validate(client.post("/api/books/access", json={}, as_=staff).json(), whole, "PermissionsAnswer")


def test_answers_of_a_global_are_as_described(
    client: TestClient, users: dict[str, User | None], whole: Any, told: dict[str, Any]
) -> None:
    """Before it is saved and after; strangers are told how to read it, and nothing of changing it."""
    path = "/api/globals/site-settings"
    validate(client.get(path).json(), whole, "SiteSetting")
    changed = client.post(path, json={"motto": "Read."}, as_=users["staff"])
    described = operations(whole)[f"POST {path}"]["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema.validate(changed.json(), {**described, "components": whole["components"]})
    validate(client.get(path).json(), whole, "SiteSetting")
    assert whole["components"]["schemas"]["SiteSetting"]["description"] == "What is on every page."
    assert f"GET {path}" in operations(told["nobody"])
    assert f"POST {path}" not in operations(told["nobody"])


def test_an_endpoint_tells_of_itself(whole: Any) -> None:
    """Models of pydantic, schemas that name a collection's shapes, parameters of its own and common ones."""
    shown = operations(whole)["GET /api/library"]
    assert (shown["summary"], shown["description"]) == ("All shelves.", "From the first floor up.")
    assert shown["parameters"][0] == {"$ref": "#/components/parameters/depth"}
    assert shown["parameters"][1] == {"name": "floor", "in": "query", "schema": {"type": "integer"}}
    answer = shown["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer["properties"]["shelves"]["items"] == {"$ref": "#/components/schemas/Shelf"}
    assert schema(whole, "Shelf")["properties"]["books"]["items"] == {"type": "integer"}
    lent = operations(whole)["POST /api/books/{number}/lend"]
    assert lent["requestBody"]["required"] is True
    answers = {
        status: answer["content"]["application/json"]["schema"]
        for status, answer in lent["responses"].items()
        if "content" in answer
    }
    assert answers["200"]["items"] == {"$ref": "#/components/schemas/Book"}
    assert answers["410"] == {"$ref": "#/components/schemas/NotePage"}
    assert lent["responses"]["409"]["description"] == "Somebody has it."
    assert {"403", "404", "413", "415", "default"} <= set(lent["responses"])


def test_who_has_to_log_in_is_told(whole: Any) -> None:
    """The schemes, and which operations nobody in particular may ask."""
    schemes = whole["components"]["securitySchemes"]
    assert (schemes["cookie"]["name"], schemes["bearer"]["scheme"]) == ("payload-token", "bearer")
    every = operations(whole)
    assert {} in every["GET /api/books"]["security"]
    assert {} not in every["POST /api/books"]["security"]
    assert {} not in every["GET /api/notes"]["security"]
    assert every["POST /api/books"]["x-access"] == "authenticated"


def test_streams_are_told_of_as_streams(whole: Any) -> None:
    """Their answer is text/event-stream."""
    for path in ("/api/books/stream", "/api/books/{id}/stream"):
        assert list(whole["paths"][path]["get"]["responses"]["200"]["content"]) == ["text/event-stream"]


def test_the_server_and_the_title_are_those_of_the_config(whole: Any) -> None:
    """With a tag for each collection."""
    assert whole["servers"] == [{"url": "https://a.example"}]
    assert whole["info"] == {"title": "Library", "version": "1.0.0"}
    assert whole["tags"][0] == {"name": "books", "x-displayName": "Books", "description": "What can be lent."}


@pytest.mark.parametrize("who", [*WHO, "mine"])
def test_nobody_is_told_of_hidden_fields(told: dict[str, Any], who: str) -> None:
    """Nor, in answers and queries, of what a rule denies to everybody."""
    assert "vault" not in repr(told[who])
    for name in ("Book", "BookWhere", "BookSelect"):
        assert "never" not in schema(told[who], name)["properties"]


def test_strangers_are_told_what_they_may_use(told: dict[str, Any]) -> None:
    """No collection that is closed to them, by none of its names, and no field that they may not read."""
    stranger = told["nobody"]
    text = repr(stranger)
    assert not re.search(r"Note|whisper|price|x-access", text)
    assert "/api/notes" not in text
    assert set(operations(stranger)) >= {"GET /api/books", "GET /api/library", "POST /api/members/login"}
    assert "POST /api/books" not in operations(stranger)
    assert "POST /api/books/{number}/lend" not in operations(stranger)
    assert list(schema(stranger, "MemberSelf")["properties"]) == ["id", "collection", "_strategy"]
    assert "Member" not in stranger["components"]["schemas"]
    assert schema(stranger, "Book")["properties"]["author"]["type"] == "integer"


def test_users_are_told_what_they_may_use(told: dict[str, Any]) -> None:
    """By the rules as they answer them, of fields too."""
    member, ada = told["member"], told["ada"]
    assert "POST /api/books" in operations(member)
    assert "PATCH /api/books/{id}" not in operations(member)
    assert "/api/notes" not in member["paths"]
    assert "name" in schema(member, "Member")["properties"]
    assert "price" not in schema(member, "Book")["properties"]
    assert "price" in schema(ada, "Book")["properties"]
    assert "price" in schema(ada, "BookWhere")["properties"]


def test_a_rule_that_needs_a_document_counts_as_a_no() -> None:
    """Nothing fails when it cannot be asked in advance; staff, who may know everything, are told of the field."""

    def is_own(context: Any) -> bool:
        return bool(context.doc["author"] == context.user["id"])

    diaries = Collection("diaries", access=anyone, fields=[fields.Text("secret", access={"read": is_own})])
    with TestClient(Config(collections=[diaries])) as client:
        assert "secret" not in schema(client.get("/api/openapi.json").json(), "Diary")["properties"]
        staff = client.user("ada@example.com")
        assert "secret" in schema(client.get("/api/openapi.json", as_=staff).json(), "Diary")["properties"]


def test_staff_may_ask_for_their_part_too(told: dict[str, Any]) -> None:
    """`mine=true` leaves out what nobody may do."""
    assert "DELETE /api/books/{id}" in operations(told["staff"])
    assert "DELETE /api/books/{id}" not in operations(told["mine"])
    assert "PATCH /api/notes" in operations(told["mine"])
    assert "price" not in schema(told["mine"], "Book")["properties"]


@pytest.mark.parametrize(
    ("access", "nobody", "member", "staff_"),
    [(anyone, "whole", "whole", "whole"), (staff, 403, 403, "whole"), ({"own": "authenticated"}, 403, "own", "whole")],
)
def test_who_may_read_it_is_declared(access: Any, nobody: Any, member: Any, staff_: Any) -> None:
    """`whole` everything, `own` what they may use; one rule stands for both."""
    with TestClient(config(), openapi={"access": access}) as client:
        users = people(client)
        for who, expected in (("nobody", nobody), ("member", member), ("staff", staff_)):
            answer = client.get("/api/openapi.json", as_=users[who])
            assert answer.status_code == (403 if expected == 403 else 200)
            assert expected == 403 or ("/api/notes" in answer.json()["paths"]) == (expected == "whole")


def test_it_can_be_switched_off() -> None:
    """Then there is no such route."""
    with TestClient(config(), openapi={"enabled": False}) as client:
        assert client.get("/api/openapi.json").status_code == 404
        assert client.app.openapi()["openapi"] == "3.1.0"


def test_it_is_made_once(client: TestClient, users: dict[str, User | None]) -> None:
    """For each that sees the same: two strangers are sent the same bytes."""
    description = client.app._description
    description.encoded()
    made = {id(kept) for kept in description._kept.values()}
    for who in WHO:
        client.get("/api/openapi.json", as_=users[who])
        client.get("/api/openapi.json", as_=users[who])
    assert made <= {id(kept) for kept in description._kept.values()}
    assert len(description._kept) <= 1 + len(WHO)


async def answer(request: Request) -> None:
    """Nothing."""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"parameters": ["wher"]}, "there is no common parameter 'wher' – did you mean 'where'?"),
        ({"response_schema": {"$ref": "books.documet"}}, "there is no shape 'documet' – did you mean 'document'?"),
        ({"response_schema": {"$ref": "boks.document"}}, "there is no collection 'boks' – did you mean 'books'?"),
        ({"response_schema": {"$ref": "document"}}, "there is no shape 'document'"),
        ({"response_schema": 5}, "5 is neither a JSON Schema nor a type"),
        ({"parameters": [{"schema": {}}]}, "a parameter is the name of a common one"),
        ({"responses": {"never": "x"}}, "responses are a mapping of statuses"),
    ],
)
def test_what_an_endpoint_tells_wrongly_is_a_mistake(options: Any, message: str) -> None:
    """It is told when the application is made, with the nearest good spelling."""
    books = Collection("books", fields=[fields.Text("title")])
    with pytest.raises(ConfigError, match=re.escape(message)):
        Headless(collections=[books], endpoints=[Endpoint("get", "/x", answer, **options)])


def test_two_collections_called_alike_have_names_of_their_own() -> None:
    """`posts` and `post` would both be `Post`; a collection called like another's shape comes second."""
    made = [Collection(slug, access=anyone, fields=[fields.Text(slug[:3])]) for slug in ("posts", "post", "post-pages")]
    described = Headless(Config(collections=made, database="sqlite:///:memory:")).openapi()
    validate({"id": 1, "pos": "x"}, described, "Post")
    assert len([name for name in described["components"]["schemas"] if name.startswith("PostPage")]) >= 2


def test_ids_are_told_of_as_their_collections_have_them() -> None:
    """In documents, paths and references; a declared one is given when a document is made, and never changed."""
    collections = [
        Collection("countries", fields=[fields.Text("id", max_length=2), fields.Text("name")]),
        Collection("numbered", fields=[fields.Number("id")]),
        Collection("tokens", id_type="uuid", fields=[]),
        Collection("links", fields=[
            fields.Relationship("to", relation_to=["countries", "numbered", "tokens"], max_depth=0)
        ]),
    ]  # fmt: skip
    with TestClient(Config(collections=collections)) as client:
        whole = client.get("/api/openapi.json", as_=client.user("ada@example.com")).json()
    text = {"type": "string", "minLength": 1, "maxLength": 2}
    number, uuid = {"type": "integer"}, {"type": "string", "format": "uuid"}
    for name, slug, expected in (("Country", "countries", text), ("Numbered", "numbered", number)):
        assert schema(whole, name)["properties"]["id"] == expected
        assert schema(whole, f"{name}Create")["required"] == ["id"]
        assert expected.items() <= schema(whole, f"{name}Create")["properties"]["id"].items()
        assert "id" not in schema(whole, f"{name}Update")["properties"]
        parameter = whole["paths"][f"/api/{slug}/{{id}}"]["get"]["parameters"][0]
        assert (parameter["name"], parameter["schema"]) == ("id", expected)
    assert schema(whole, "Token")["properties"]["id"] == uuid
    assert "id" not in schema(whole, "TokenCreate")["properties"]
    parts = schema(whole, "Link")["properties"]["to"]["anyOf"][0]["oneOf"]
    assert [part["properties"]["value"] for part in parts] == [text, number, uuid]


def test_ids_are_as_the_collection_has_them() -> None:
    """UUIDs, or a declared field, which a create is given and an update is not; also in paths and references."""
    coins = Collection(
        "coins", access=anyone, id_type="uuid", fields=[fields.Relationship("land", relation_to="lands")]
    )
    lands = Collection("lands", access=anyone, fields=[fields.Text("id"), fields.Text("name")])
    told = Headless(Config(collections=[coins, lands], database="sqlite:///:memory:")).openapi()
    uuid = {"type": "string", "format": "uuid"}
    assert schema(told, "Coin")["properties"]["id"] == uuid
    (parameter,) = [each for each in operations(told)["GET /api/coins/{id}"]["parameters"] if each.get("in") == "path"]
    assert parameter["schema"] == uuid
    assert schema(told, "CoinCreate")["properties"]["land"]["type"] == ["string", "null"]
    assert "id" in schema(told, "LandCreate")["required"]
    assert "id" not in schema(told, "LandUpdate")["properties"]
