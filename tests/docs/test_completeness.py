"""What there is, is documented: these tests read the registries, so that nothing can be added in silence."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import typer
import yaml

import headless
from headless import admin, errors, events, fields, operators, richtext, testing
from headless.access import BUILT_IN, AccessContext
from headless.auth import Auth, Cookies, ForgotPassword, Invitation, LoginWithUsername, MailContext, Verify
from headless.cli.commands import cli
from headless.collection import Collection, CollectionAdmin, Index, Pagination
from headless.config import (
    ROOT_HOOKS,
    AdminOptions,
    ChangeLogOptions,
    Config,
    CorsOptions,
    GenerateOptions,
    MailOptions,
    OpenApiOptions,
)
from headless.endpoint import Endpoint
from headless.fields.appearance import DateAdmin, FieldAdmin
from headless.fields.base import DataField, Field, FieldContext
from headless.fields.block import Block, BlockAdmin
from headless.fields.choice import Option
from headless.fields.date import ZoneOptions
from headless.fields.group import NamedGroup
from headless.global_ import Global, GlobalAdmin
from headless.hooks import COLLECTION_HOOKS, FIELD_HOOKS, GLOBAL_HOOKS, HookContext
from headless.labels import Labels
from headless.openapi.common import SHARED
from headless.openapi.components import SHAPES
from headless.openapi.parameters import COMMON
from headless.operations.watch import EVENTS
from headless.shipped import GENERATED, GENERATED_AUTH, GENERATED_GLOBAL, GENERATED_ROOT
from headless.streams.places import StreamLimits
from tests.docs.markdown import DOCS, ROOT, codes, first_cells, name_of, read

GUIDE, REFERENCE = DOCS / "guide", DOCS / "reference"
DECLARATIONS = (
    Config, AdminOptions, CorsOptions, ChangeLogOptions, OpenApiOptions, GenerateOptions, Collection, CollectionAdmin,
    Global, GlobalAdmin, Labels, Pagination, Index, Auth, Cookies, ForgotPassword, Invitation, LoginWithUsername,
    Verify, MailOptions, FieldAdmin, DateAdmin, Block, BlockAdmin, StreamLimits,
)  # fmt: skip


def options(cls: Any) -> set[str]:
    """The options of a declaration."""
    return {field.name for field in dataclasses.fields(cls) if field.init}


@pytest.mark.parametrize("cls", DECLARATIONS, ids=lambda cls: cls.__name__)
def test_every_setting_is_documented(cls: type) -> None:
    """Each option stands in a table under the heading of its declaration."""
    text = read(REFERENCE / "configuration.md")
    _, heading, section = text.partition(f"\n## {cls.__name__}")
    assert heading, f"configuration.md has no heading for {cls.__name__}"
    section = section.partition("\n## ")[0]
    rows = {row.split("`")[1] for row in section.splitlines() if row.startswith("| `")}
    assert rows == options(cls)


def test_every_environment_variable_is_documented() -> None:
    """Whatever the source reads from the environment by name is explained."""
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "headless").rglob("*.py"))
    named = set(re.findall(r"""environ(?:\.get\(|\[)"([A-Z_]+)\"""", source)) | {Config().secret_env}
    assert named - {"PYTHONUNBUFFERED"} <= first_cells(REFERENCE / "configuration.md")


@pytest.mark.parametrize(
    ("heading", "kinds"),
    [
        ("Of a collection", COLLECTION_HOOKS),
        ("Of a global", GLOBAL_HOOKS),
        ("Of a field", FIELD_HOOKS),
        ("Of the application", ROOT_HOOKS),
    ],
)
def test_every_hook_is_documented(heading: str, kinds: tuple[str, ...]) -> None:
    """Each kind stands in the table of what it is a hook of."""
    section = read(REFERENCE / "hooks.md").partition(f"\n## {heading}")[2].partition("\n## ")[0]
    rows = {row.split("`")[1] for row in section.splitlines() if row.startswith("| `")}
    assert rows == set(kinds)


@pytest.mark.parametrize(
    ("context", "page"),
    [
        (HookContext, REFERENCE / "hooks.md"),
        (AccessContext, GUIDE / "access.md"),
        (FieldContext, GUIDE / "declaring.md"),
        (events.Event, GUIDE / "streams.md"),
        (MailContext, GUIDE / "accounts.md"),
    ],
    ids=lambda given: getattr(given, "__name__", ""),
)
def test_what_functions_are_given_is_documented(context: Any, page: Path) -> None:
    """Each attribute of a context and of an event is explained in a table."""
    assert {field.name for field in dataclasses.fields(context)} <= first_cells(page)


def commands(group: Any, path: str = "headless") -> Iterator[tuple[str, Any]]:
    """Every command with its full name, without those that plugins add."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


COMMANDS = dict(commands(typer.main.get_command(cli)))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name: str) -> None:
    """Each command has a heading, and each of its options and arguments is named below it."""
    text = read(REFERENCE / "command-line.md")
    assert f"\n## `{name}" in text
    section = text.partition(f"\n## `{name}")[2].partition("\n## ")[0]
    for parameter in COMMANDS[name].params:
        if "--help" not in parameter.opts:
            assert parameter.opts[0].upper() in section.upper(), f"{name}: {parameter.opts[0]}"


@pytest.mark.parametrize("type_name", sorted(fields.registry))
def test_every_field_type_has_a_page(type_name: str) -> None:
    """The page names the type's own options in its table and the operators it can be queried by."""
    page = REFERENCE / "fields" / f"{type_name}.md"
    made: Any = fields.registry[type_name]
    cls: Any = made if isinstance(made, type) else NamedGroup
    common = options(DataField) if issubclass(cls, DataField) else options(Field)
    assert options(cls) - common <= first_cells(page)
    assert f"({type_name}.md)" in read(REFERENCE / "fields" / "README.md")
    known = {name for name in operators.NAMES if f"`{name}`" in queries(page)}
    assert known == operators_of(cls), name_of(page)


def operators_of(cls: Any) -> set[str]:
    """The operators of a type, of what it holds a value under its name."""
    if not issubclass(cls, DataField) or "fields" in options(cls):
        return set()
    needed: Mapping[str, Any] = {"options": ["a"], "relation_to": "users", "collection": "users", "on": "owner"}
    given = {name: value for name, value in needed.items() if name in options(cls)}
    many = {**given, "has_many": True} if "has_many" in options(cls) else given
    return {*cls("x", **given).operators, *cls("x", **many).operators}


def queries(page: Path) -> str:
    """The section of a field's page that says how it is queried."""
    return read(page).partition("\n## In queries")[2].partition("\n## ")[0]


def test_the_common_options_of_fields_are_documented() -> None:
    """What every field takes is explained once."""
    assert options(DataField) <= first_cells(REFERENCE / "fields" / "README.md")
    assert options(Option) <= first_cells(REFERENCE / "fields" / "select.md")
    assert options(ZoneOptions) <= first_cells(REFERENCE / "fields" / "date.md")


def test_every_operator_is_documented() -> None:
    """Each operator that a type has is explained, and none that no type has."""
    tables = [
        table for name, table in vars(operators).items() if name.isupper() and isinstance(table, MappingProxyType)
    ]
    known = {name for table in tables for name in table}
    assert known <= first_cells(REFERENCE / "where.md")
    assert not (operators.NAMES - known) & first_cells(REFERENCE / "where.md")


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_every_rule_is_documented(name: str) -> None:
    """Each built-in rule is explained in the guide."""
    assert name in first_cells(GUIDE / "access.md")


PUBLIC = {
    "headless": headless.__all__,
    "headless.fields": fields.__all__,
    "headless.events": events.__all__,
    "headless.testing": testing.__all__,
    "headless.admin": admin.__all__,
    "headless.richtext": richtext.__all__,
}


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_is_documented(module: str) -> None:
    """Each name has a row under its module's heading, and no row speaks of a name that is not there."""
    section = read(REFERENCE / "public-names.md").partition(f"\n## `{module}`")[2].partition("\n## ")[0]
    rows = {row.split("`")[1] for row in section.splitlines() if row.startswith("| `")}
    assert rows == set(PUBLIC[module])


@pytest.mark.parametrize("name", sorted(admin.SLOTS))
def test_every_slot_of_the_admin_is_documented(name: str) -> None:
    """A plugin's author finds each place that can be added to."""
    assert name in first_cells(GUIDE / "plugins.md")


def test_what_an_endpoint_may_tell_of_itself_is_documented() -> None:
    """Each option, each shape to refer to and each common parameter."""
    page = REFERENCE / "openapi.md"
    told = options(Endpoint) - {"method", "path", "handler", "access", "operation"}
    assert told | {*SHAPES, *SHARED} <= first_cells(page)
    assert set(COMMON) <= codes(page)


def test_every_route_is_documented() -> None:
    """Each generated route stands in the reference of the REST API."""
    routes = {f"{each.method} /api/:slug{each.path.replace('{id}', ':id').rstrip('/')}" for each in GENERATED}
    routes |= {f"{each.method} /api/:slug{each.path}" for each in GENERATED_AUTH}
    routes |= {f"{each.method} /api/globals/:slug{each.path}".rstrip("/") for each in GENERATED_GLOBAL}
    routes |= {f"{each.method} /api{each.path}".replace("{", ":").replace("}", "") for each in GENERATED_ROOT}
    assert routes <= codes(REFERENCE / "rest-api.md")


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_event_is_documented(name: str) -> None:
    """Each event of a stream is explained."""
    assert name in first_cells(GUIDE / "streams.md")


def error_classes(cls: type[errors.HeadlessError]) -> Iterator[type[errors.HeadlessError]]:
    """The tree of errors."""
    yield cls
    for inner in cls.__subclasses__():
        if inner.__module__.startswith("headless.errors"):
            yield from error_classes(inner)


@pytest.mark.parametrize("cls", list(error_classes(errors.HeadlessError)), ids=lambda cls: cls.__name__)
def test_every_error_is_documented(cls: type[errors.HeadlessError]) -> None:
    """Each error has a row with its status; an ApiError has the one it is given, 400 unless it is."""
    rows = [line for line in read(REFERENCE / "errors.md").splitlines() if line.startswith(f"| `{cls.__name__}`")]
    assert rows
    status = errors.ApiError("").status_code if cls is errors.ApiError else cls.status
    assert f"| {status}" in rows[0]


def test_the_compatibility_page_counts_what_the_check_holds() -> None:
    """The number of recorded answers is that of the floor below which the check may not fall."""
    folder = ROOT / "tests" / "conformance"
    floor = json.loads((folder / "floor.json").read_text(encoding="utf-8"))
    recorded = sum(
        len(case["steps"])
        for file in (folder / "goldens").glob("*.json")
        for case in json.loads(file.read_text(encoding="utf-8"))["cases"].values()
    )
    text = read(REFERENCE / "payload-compatibility.md")
    assert f"**{sum(floor.values())} of {recorded} recorded answers**" in text


def test_every_deliberate_difference_is_told() -> None:
    """Where our answers differ from the recorded ones on purpose, the page says why."""
    rows = yaml.safe_load((ROOT / "tests" / "conformance" / "differences.yaml").read_text(encoding="utf-8"))
    text = read(REFERENCE / "payload-compatibility.md")
    for row in rows:
        assert row["why"] in text, row["case"]
