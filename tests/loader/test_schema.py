"""The schema of YAML declarations: editors accept what the loader accepts, and mark what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from headless.cli.new import TEMPLATES
from headless.fields import registry
from headless.loader.schema import yaml_schema
from tests.docs.markdown import Block, blocks, pages

SCHEMA = yaml_schema(registry)
PROJECTS = [block for page in pages() for block in blocks(page) if block.info == "yaml project"]
FIELDS = [block for page in pages() for block in blocks(page) if block.info == "yaml fields"]


def refusals(declared: Any) -> list[str]:
    """What an editor would mark."""
    validator = jsonschema.Draft202012Validator(SCHEMA)
    return [error.message for error in validator.iter_errors(declared)]


def test_it_is_a_schema() -> None:
    """Of draft 2020-12."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("block", PROJECTS, ids=lambda block: block.place)
def test_it_accepts_every_project_of_the_documentation(block: Block) -> None:
    """Each of them loads, so none may be marked."""
    assert not refusals(yaml.safe_load(block.text))


@pytest.mark.parametrize("block", FIELDS, ids=lambda block: block.place)
def test_it_accepts_every_field_of_the_documentation(block: Block) -> None:
    """As a collection has them."""
    assert not refusals({"slug": "posts", "fields": yaml.safe_load(block.text)})


@pytest.mark.parametrize("name", ["headless.yaml.jinja", "collections/posts.yaml.jinja"])
def test_it_accepts_a_new_project(name: str) -> None:
    """And each file says where the schema is, as editors read it."""
    text = (TEMPLATES / "yaml" / name).read_text()
    first, _, rest = text.partition("\n")
    assert first == f"# yaml-language-server: $schema={'../' if '/' in name else ''}.headless/schema.json"
    assert not refusals(yaml.safe_load(rest.replace("{{ title }}", "Shop")))


@pytest.mark.parametrize(
    "declared",
    [
        {"collections": [{"slug": "posts", "fields": [{"name": "a", "type": "text", "maxLength": 5}]}], "maxDepth": 1},
        {"fields": [{"type": "group", "name": "seo", "fields": []}, {"type": "group", "label": "More", "fields": []}]},
        {"fields": [], "access": "staff", "hooks": {"before_change": "tidy", "afterChange": ["a", "b"]}},
        {"fields": [], "access": {"read": ["staff", {"owner": {"equals": "$user.id"}}, "is_ada"]}, "auth": True},
        {"fields": [], "auth": {"token_expiration": 60, "cookies": {"secure": True}}, "endpoints": ["hello"]},
        {"cors": "*", "endpoints": [{"method": "get", "path": "/x", "handler": "x", "response_schema": {"a": []}}]},
        {"fields": [{"type": "select", "name": "a", "options": ["x", {"value": "y", "label": "Y"}], "custom": {}}]},
        {"fields": [{"type": "tabs", "tabs": [{"label": "A", "fields": []}, {"name": "b", "fields": []}]}]},
        {"openapi": {"access": {"own": "anyone"}}, "generate": False, "imports": ["a.py"]},
    ],
)  # fmt: skip
def test_it_accepts_what_the_loader_accepts(declared: Any) -> None:
    """Either spelling of an option, shorthands, names of functions, and any data where data is held."""
    assert not refusals(declared)


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"colections": []}, "'colections' was unexpected"),
        ({"slug": "posts"}, "'fields' is a required property"),
        ({"fields": [{"name": "a", "type": "txt"}]}, "'txt' is not one of"),
        ({"fields": [{"name": "a"}]}, "'type' is a required property"),
        ({"fields": [{"name": "a", "type": "text", "lenght": 5}]}, "'lenght' was unexpected"),
        ({"fields": [{"type": "relationship", "name": "a"}]}, "'relation_to' is a required property"),
        ({"fields": [{"name": "a", "type": "text", "required": "no"}]}, "'no' is not of type 'boolean'"),
        ({"fields": [], "hooks": {"before_chnge": "x"}}, "'before_chnge' was unexpected"),
        ({"admin": {"nme": "Shop"}}, "'nme' was unexpected"),
        ({"max_depth": "ten"}, "'ten' is not of type 'integer'"),
    ],
)
def test_it_marks_what_the_loader_refuses(declared: Any, said: str) -> None:
    """Unknown options and types, what is missing, and values of another kind."""
    assert any(said in message for message in refusals(declared)), refusals(declared)


@pytest.mark.parametrize("name", sorted(registry))
def test_it_knows_every_field_type(name: str) -> None:
    """With its own options."""
    own = SCHEMA["$defs"][f"Field.{name}"]
    assert own["properties"]["type"] == {"const": name}
    assert {"admin", "custom"} <= set(own["properties"])


def test_every_reference_leads_somewhere(tmp_path: Path) -> None:
    """Within the one file."""
    from headless.compile.schema import references

    assert references(SCHEMA) <= {f"#/$defs/{name}" for name in SCHEMA["$defs"]}
