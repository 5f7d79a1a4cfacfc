"""The public names, pinned: what is written against them today works tomorrow."""

from __future__ import annotations

import subprocess
import sys

import pytest

import headless
from headless import fields

NAMES = {
    "AccessContext", "Api", "ApiError", "Auth", "AuthenticationError", "BadRequest", "BulkResult",
    "Collection", "Config", "ConfigError", "Conflict", "Endpoint", "Forbidden", "Global", "Headless", "HeadlessError",
    "HookContext", "Index", "JSONResponse", "MailContext", "NotFound", "Page", "Plugin", "QueryError", "Request",
    "ValidationError", "__version__", "anyone", "authenticated", "fields", "load_project", "nobody",
    "parse_query", "plugin", "public", "staff",
}  # fmt: skip

FIELDS = {
    "ABSENT", "Array", "Block", "Blocks", "Checkbox", "Code", "Collapsible", "DataField", "Date", "Email", "Field",
    "FieldAdmin", "FieldContext", "Group", "HtmlOf", "Join", "Json", "Number", "Option", "Point", "Radio",
    "Relationship", "RichText", "Row", "Select", "Slug", "Tab", "Tabs", "Text", "Textarea", "Ui", "Upload",
}  # fmt: skip

RICHTEXT = {"Address", "Blocks", "Render", "from_html", "from_markdown", "normal", "to_html", "to_markdown", "to_text"}

EVENTS = {"Encode", "Event", "EventStream", "Watch", "encode_event", "format_event"}


def test_the_names_of_the_package() -> None:
    """`headless` offers exactly these names."""
    assert set(headless.__all__) == NAMES


def test_the_names_of_the_fields() -> None:
    """`headless.fields` offers exactly these names."""
    assert set(fields.__all__) == FIELDS


def test_the_names_of_the_converters() -> None:
    """`headless.richtext` offers exactly these names."""
    from headless import richtext

    assert set(richtext.__all__) == RICHTEXT


def test_the_names_of_the_events() -> None:
    """`headless.events` offers exactly these names."""
    from headless import events

    assert set(events.__all__) == EVENTS


@pytest.mark.parametrize("name", sorted(NAMES - {"__version__"}))
def test_each_name_can_be_imported_by_itself(name: str) -> None:
    """In a fresh process, `from headless import name` gives the thing itself and never a module of that name."""
    code = (
        f"import types; from headless import {name} as found;"
        f"assert isinstance(found, types.ModuleType) == ({name!r} == 'fields'), type(found)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
