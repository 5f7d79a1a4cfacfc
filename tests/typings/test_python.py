"""Python types: dictionaries of the documents and bodies, such that mypy takes them and code that uses them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, NotRequired, get_args, get_origin, get_type_hints

import pytest

from headless import Collection, Config, Headless, fields
from headless.fields import registry
from headless.testing import TestClient
from headless.typings.python import python
from headless.typings.shapes import IN_PROCESS, types_of
from tests.fields.example import declare, example
from tests.openapi.library import config


def module(declared: Config) -> str:
    app = Headless(declared.replace(database="sqlite:///:memory:"))
    return python(types_of(app.core.compiled.by_slug, IN_PROCESS))


def loaded(text: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "generated"}
    exec(compile(text, "generated", "exec", dont_inherit=True), names)  # noqa: S102 - our own
    return names


@pytest.fixture(scope="module")
def types() -> str:
    return module(config())


def hints(names: dict[str, Any], name: str) -> dict[str, Any]:
    return get_type_hints(names[name], names, include_extras=True)


def test_a_document_has_its_keys(types: str) -> None:
    """Those that are always there are required, be they null; what is hidden or guarded may be missing."""
    book = hints(loaded(types), "Book")
    assert book["title"] is str
    assert book["blurb"] == str | None
    assert get_origin(book["vault"]) is NotRequired
    assert get_origin(book["price"]) is NotRequired
    assert [getattr(part, "__name__", part) for part in get_args(book["author"])] == ["int", "Member"]


def test_a_global_has_what_it_has_before_it_is_saved(types: str) -> None:
    """Its required fields; other keys may be missing. It is only ever updated."""
    names = loaded(types)
    assert names["SiteSetting"].__required_keys__ == {"id", "name"}
    assert names["SiteSettingUpdate"].__required_keys__ == frozenset()
    assert "SiteSettingCreate" not in names


def test_bodies_need_what_a_create_needs(types: str) -> None:
    """A create its required keys, an update none; a password is written only."""
    names = loaded(types)
    assert names["BookCreate"].__required_keys__ == {"title", "author", "seo", "links"}
    assert names["BookUpdate"].__required_keys__ == frozenset()
    assert names["MemberCreate"].__required_keys__ == {"email", "password"}
    assert "password" not in names["Member"].__annotations__


def test_a_key_that_is_a_word_of_the_language_is_one() -> None:
    """`class` and `from` are keys like any other."""
    trips = Collection("trips", fields=[fields.Text("from", required=True), fields.Text("class")])
    names = loaded(module(Config(collections=[trips])))
    assert names["Trip"].__required_keys__ == {"id", "from", "class", "updatedAt", "createdAt"}


def test_a_description_cannot_end_its_text() -> None:
    """Quotes and line ends in it are harmless."""
    notes = Collection("notes", fields=[fields.Text("a", admin={"description": '"""\nimport os\\'})])
    assert "os" not in loaded(module(Config(collections=[notes])))


def test_blocks_are_types_of_their_own() -> None:
    """In documents; what is sent may leave out more."""
    hero = fields.Block("hero", fields=[fields.Text("headline", required=True)])
    pages = Collection("pages", fields=[fields.Blocks("layout", blocks=[hero])])
    names = loaded(module(Config(collections=[pages])))
    assert {"id", "headline", "blockType"} <= names["Hero"].__required_keys__
    assert "blockType" in names["PageUpdateLayoutHero"].__required_keys__


def test_blocks_in_rich_text_are_types_too() -> None:
    """As those of a list are."""
    hero = fields.Block("hero", fields=[fields.Text("headline", required=True)])
    pages = Collection("pages", fields=[fields.RichText("body", blocks=[hero])])
    names = loaded(module(Config(collections=[pages])))
    assert {"id", "headline", "blockType"} <= names["Hero"].__required_keys__


USE = """
from shapes import Book, BookCreate, BookUpdate, Member

create: BookCreate = {"title": "x", "author": 1, "seo": {"headline": "y"}, "links": [{"label": "z"}], "genre": ["poem"]}
update: BookUpdate = {"title": "y", "source": None}


def author(book: Book) -> Member | None:
    found = book["author"]
    return None if isinstance(found, int) else found


def wrong(book: Book) -> int:
    return book["title"]


bad: BookCreate = {"title": "x"}
"""


def test_mypy_takes_it(types: str, tmp_path: Path) -> None:
    """Under `--strict`; what uses the types wrongly is found, and nothing else."""
    mypy = pytest.importorskip("mypy", reason="mypy is not installed: python3 dev.py lint installs it")
    assert mypy
    (tmp_path / "shapes.py").write_text(types)
    (tmp_path / "use.py").write_text(USE)
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file=",
        "--cache-dir",
        str(tmp_path / "cache"),
        "use.py",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    errors = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert len(errors) == 2, done.stdout + done.stderr
    assert 'expected "int"' in errors[0]
    assert "Missing keys" in errors[1]


@pytest.mark.parametrize("type_", sorted(registry))
def test_the_types_of_every_field_fit_what_is_shown(type_: str) -> None:
    """A document of each field type has exactly the keys that its type says."""
    things = Collection("things", fields=[declare(type_)])
    targets = Collection("targets", fields=[fields.Relationship("thing", relation_to="things")])
    declared = Config(collections=[things, targets])
    thing = loaded(module(declared))["Thing"]
    with TestClient(declared) as client:
        client.create("targets", {})
        shown = client.create("things", example(type_))
    assert thing.__required_keys__ <= set(shown) <= thing.__required_keys__ | thing.__optional_keys__
