"""The contract of a field type: what every type keeps, in a document, localized, and in a version."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from headless import Collection, Config
from headless.database.postgresql.dialect import POSTGRESQL
from headless.fields import ABSENT, DataField, registry
from headless.openapi.names import document_names
from headless.testing import TestClient
from tests.fields.example import (
    ASKED,
    ASKED_OF,
    LAYOUTS,
    NOTHING,
    ROLES,
    PostgreSQLStore,
    Shelf,
    data_field,
    declare,
    example,
    other,
)
from tests.rest.watching import watched

Make = Callable[[str, str], Shelf]

ROOT = Path(__file__).resolve().parents[2]
TYPES = sorted(set(registry) - set(NOTHING))
every_type = pytest.mark.parametrize("type_", TYPES)
every_declared = pytest.mark.parametrize("type_", sorted(registry))
every_role = pytest.mark.parametrize("role", ROLES)

GARBAGE: list[Any] = [
    None, True, False, 0, -1, 1.5, 10**30, "", "x", "\t", "null", "9" * 5000, [], [None], [1, "x"], [[[]]], {},
    {"id": 1},
    {"value": {"value": {}}}, {"relationTo": "nope", "value": []}, {"a": {"b": [1]}}, [{"id": {}}], [{"inner": []}],
]  # fmt: skip


def slug(type_: str) -> str:
    return f"{type_}-things"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """One application with a collection for every type."""
    collections = [Collection(slug(type_), access="anyone", fields=[declare(type_)]) for type_ in TYPES]
    targets = Collection("targets", access="anyone", fields=[])
    with watched(Config(collections=[*collections, targets])) as client:
        for _ in range(2):
            client.create("targets", {})
        yield client


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def make(request: pytest.FixtureRequest) -> Make:
    """Makes a shelf on one kind of database."""
    if request.param == "sqlite":
        return Shelf
    store = PostgreSQLStore(request.getfixturevalue("postgres"))
    return lambda type_, role: Shelf(type_, role, store)


@every_type
@every_role
def test_its_example_survives_storage(make: Make, type_: str, role: str) -> None:
    """What is written is what is read, type and order of keys included."""
    shelf = make(type_, role)
    for id, document in enumerate((example(type_), other(type_)), start=1):
        shelf.write(id, document)
        assert repr(shelf.read(id)) == repr(document)


@every_type
@every_role
def test_nothing_survives_as_nothing(make: Make, type_: str, role: str) -> None:
    """A document without a value reads as an empty one of its type; in another locale it is not there."""
    shelf = make(type_, role)
    shelf.write(1, {})
    if role == "localized" and type_ not in LAYOUTS:
        shelf.write(2, example(type_))
        assert shelf.read(2, "de") == ({"value": {}} if type_ == "group" else {})
        return
    field = data_field(type_)
    empty = {"inner": None} if type_ == "group" else field.empty()
    assert shelf.read(1) == ({} if empty is ABSENT else {field.name: empty})


@every_type
@every_role
def test_every_operator_agrees_with_memory(make: Make, type_: str, role: str) -> None:
    """SQL finds exactly what the in-memory test accepts, for values that are stored, that are not, and for null."""
    shelf = make(type_, role)
    for id, document in enumerate((example(type_), other(type_)), start=1):
        shelf.write(id, document)
    shelf.write(3, {})
    documents = {id: shelf.read(id) for id in (1, 2, 3)}
    for where in questions(type_):
        bound = shelf.bind(where)
        expected = {id for id, document in documents.items() if bound.test(document)}
        assert shelf.find(bound) == expected, where


@every_type
@every_role
def test_no_value_is_part_of_a_statement(make: Make, type_: str, role: str) -> None:
    """Every operator binds its values: the text of the statement is the same for all of them."""
    shelf = make(type_, role)
    for where in questions(type_):
        bound = shelf.bind(where)
        sql = shelf.statement(bound).sql
        mark = r"\$\d+" if shelf.store.dialect is POSTGRESQL else r"\?"
        assert len(re.findall(mark, sql)) == len(tuple(bound.values()))
        for value in bound.values():
            assert not isinstance(value, str) or value in ("true", "[]") or value not in sql


def questions(type_: str) -> Iterator[dict[str, Any]]:
    """A where with every operator, for the example, the other value, and null: of the field and of what is in it."""
    field = data_field(type_)
    values = [document[field.name] for document in (example(type_), other(type_))]
    yield from asked_of(field.name, field.operators, values, ASKED.get(type_), is_date=type_ == "date")
    if field.levels:
        inner = [value[0]["inner"] if isinstance(value, list) else value["inner"] for value in values]
        yield from asked_of(f"{field.name}.inner", data_field("text").operators, inner)


def asked_of(
    path: str, operators: Iterable[str], values: list[Any], asked: Any = (), *, is_date: bool = False
) -> Iterator[dict[str, Any]]:
    """A where with every operator at one path."""
    for name in operators:
        if name == "exists":
            yield from ({path: {name: wanted}} for wanted in (True, False))
        elif name in ASKED_OF:
            yield from ({path: {name: asked}} for asked in ASKED_OF[name])
        elif name in ("in", "not_in"):
            yield from ({path: {name: listed}} for listed in (values, values[:1], []))
        else:
            parts = [*values, *(str(value)[:3].upper() for value in values if isinstance(value, str))]
            only_dates = is_date and name not in ("like", "not_like", "contains")
            yield from ({path: {name: value}} for value in (values if only_dates else asked or parts))
            if name in ("equals", "not_equals"):
                yield {path: {name: None}}


@every_type
def test_its_json_schema_accepts_its_example(type_: str) -> None:
    """And is a schema."""
    made = declare(type_)
    if not isinstance(made, DataField):
        assert type_ in LAYOUTS
        return
    schema = made.stored_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(made.example, schema, jsonschema.Draft202012Validator)


@every_type
def test_its_json_schema_refuses_what_it_refuses(type_: str) -> None:
    """A value of another JSON type is refused by the schema of every type that has one."""
    made = declare(type_)
    if isinstance(made, DataField) and made.stored_schema():
        wrong: Any = 5 if made.stored_schema().get("type") in ("string", "boolean", "array", "object") else {}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, made.stored_schema(), jsonschema.Draft202012Validator)


@every_declared
def test_its_widget_has_a_template(type_: str) -> None:
    """The admin draws it by a file of its widget's name."""
    template = ROOT / "admin_ui" / "templates" / "fields" / f"{declare(type_).widget}.html"
    assert template.is_file(), f"{template.relative_to(ROOT)} is missing"


@every_declared
def test_its_docs_page_exists(type_: str) -> None:
    """Every type is documented under its name in YAML, with its class's name and its own options."""
    page = ROOT / "docs" / "reference" / "fields" / f"{type_}.md"
    assert page.is_file(), f"the field type {type_!r} has no page: write {page.relative_to(ROOT)}"
    text = page.read_text()
    assert f"fields.{registry[type_].__name__.removeprefix('Named')}(" in text, "an example in Python is missing"
    own = {field.name for field in dataclasses.fields(type(declare(type_)))} - common_options()
    undocumented = sorted(option for option in own if f"`{option}`" not in text)
    assert not undocumented, f"{page.relative_to(ROOT)} does not tell of {', '.join(undocumented)}"


def common_options() -> set[str]:
    """The options that every field has, and those that only say what is inside."""
    return {field.name for field in dataclasses.fields(DataField)} | {"fields", "tabs"}


@every_declared
def test_its_class_is_described(type_: str) -> None:
    """The docstring is what the docs and the editor show."""
    assert (registry[type_].__doc__ or "").strip()


@every_type
def test_its_example_is_accepted_over_http(client: TestClient, type_: str) -> None:
    """Created, read, sent back as it was shown, and changed to another value."""
    document = example(type_)
    made = client.post(f"/api/{slug(type_)}?depth=0", json=document)
    assert made.status_code == 201, made.text
    shown = made.json()["doc"]
    assert {key: shown[key] for key in document} == document
    url = f"/api/{slug(type_)}/{shown['id']}?depth=0"
    again = client.patch(url, json=shown).json()["doc"]
    assert {key: again[key] for key in document} == document
    changed = client.patch(url, json=other(type_)).json()["doc"]
    assert {key: changed[key] for key in document} == other(type_)


@every_type
@pytest.mark.parametrize("value", GARBAGE, ids=lambda value: repr(value)[:30])
def test_garbage_is_coerced_or_refused(client: TestClient, type_: str, value: Any) -> None:
    """JSON of every kind: what is taken reads as it was answered; what is not is told with its path."""
    name = data_field(type_).name
    answer = client.post(f"/api/{slug(type_)}?depth=0", json={name: value})
    if answer.status_code == 201:
        made = answer.json()["doc"]
        assert client.get(f"/api/{slug(type_)}/{made['id']}?depth=0").json() == made
    else:
        assert answer.status_code == 400
        for error in answer.json()["errors"][0]["data"]["errors"]:
            assert error["path"].split(".")[0] == name
            assert error["message"]


@every_type
def test_garbage_in_a_query_is_answered_or_refused(client: TestClient, type_: str) -> None:
    """With every operator, whatever the value."""
    field = data_field(type_)
    asked = [(field.name, operator) for operator in [*field.operators, "nope"]]
    asked += [(f"{field.name}.inner", operator) for operator in data_field("text").operators if field.levels]
    for path, operator in asked:
        for value in GARBAGE:
            try:
                client.system.count(slug(type_), {path: {operator: value}})
            except Exception as error:
                assert type(error).__name__ in ("BadRequest", "QueryError"), (operator, value)  # noqa: PT017


@every_type
@pytest.mark.parametrize("empty", [None, "absent"])
def test_null_and_absent_are_empty(client: TestClient, type_: str, empty: Any) -> None:
    """Both read as the type's empty value; a required field takes neither."""
    field = data_field(type_)
    made = client.create(slug(type_), {} if empty == "absent" else {field.name: None})
    expected = {"inner": None} if type_ == "group" else field.empty()
    assert made.get(field.name, ABSENT) == expected


@pytest.mark.parametrize("type_", [type_ for type_ in TYPES if type_ not in (*LAYOUTS, "group", "checkbox", "code")])
def test_a_required_field_is_not_empty(type_: str) -> None:
    """Neither absent, nor null, nor the type's empty value; but for groups, checkboxes and code."""
    things = Collection("things", access="anyone", fields=[declare(type_, required=True)])
    with TestClient(Config(collections=[things, Collection("targets", fields=[])])) as client:
        client.create("targets", {})
        for body in ({}, {"value": None}):
            answer = client.post("/api/things", json=body)
            assert answer.status_code == 400
            assert [error["path"] for error in answer.json()["errors"][0]["data"]["errors"]] == ["value"]
        assert client.post("/api/things", json=example(type_)).status_code == 201
        assert client.patch("/api/things/1", json={"value": None}).status_code == 400


@every_type
def test_its_schemas_on_the_wire_accept_what_is_sent_and_shown(client: TestClient, type_: str) -> None:
    """What a create is given and what it answers are as the API's description says, with and without documents."""
    described = client.app.openapi()
    name = document_names(found.declaration for found in client.app.collections.values())[slug(type_)]
    components = {"components": described["components"]}
    for document in (example(type_), other(type_)):
        given = {"$ref": f"#/components/schemas/{name}Create", **components}
        jsonschema.validate(document, given, jsonschema.Draft202012Validator)
        for depth in (0, 1):
            answer = client.post(f"/api/{slug(type_)}?depth={depth}", json=document).json()
            shown = {"$ref": f"#/components/schemas/{name}Written", **components}
            jsonschema.validate(answer, shown, jsonschema.Draft202012Validator)
