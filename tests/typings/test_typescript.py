"""TypeScript types: in the form of Payload's, and such that its compiler takes them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import dev
from headless import Collection, Config, Headless, fields
from headless.fields.base import Schema
from headless.typings.shapes import ON_THE_WIRE, default_id, types_of
from headless.typings.typescript import literal, spelled, typescript
from tests.openapi.library import config


def module(declared: Config) -> str:
    app = Headless(declared.replace(database="sqlite:///:memory:"))
    return typescript(types_of(app.core.compiled.by_slug, ON_THE_WIRE), default_id(app.config.id_type))


@pytest.fixture(scope="module")
def types() -> str:
    return module(config())


@pytest.mark.parametrize(
    "part",
    [
        "    books: Book;\n",
        "    books: BooksSelect<false> | BooksSelect<true>;\n",
        "    defaultIDType: number;\n",
        "    members: MemberAuthOperations;\n",
        "  globals: {\n    'site-settings': SiteSetting;\n  };\n",
        "    'site-settings': SiteSettingsSelect<false> | SiteSettingsSelect<true>;\n",
        "export interface SiteSetting {\n  id: number;\n",
        "  motto?: string | null;\n  front?: (number | Book) | null;\n  updatedAt?: string;\n  createdAt?: string;\n",
        "  globalType?: 'site-settings';\n}\n",
        "  locale: null;\n",
        "  user: (Member & { collection: 'members' }) | (User & { collection: 'users' });\n",
        "export interface MemberAuthOperations {\n  forgotPassword: {\n    email: string;\n    password: string;\n",
        "export interface Book {\n  id: number;\n",
        "  /**\n   * On the spine.\n   */\n  title: string;\n",
        "  blurb?: string | null;\n",
        "  genre?: ('novel' | 'poem')[] | null;\n",
        "  author: number | Member;\n",
        "  source?: (number | Note) | null;\n",
        "  seo: {\n    headline: string;\n    note?: string | null;\n  };\n",
        "  links: {\n    label: string;\n    id?: string | null;\n  }[];\n",
        "    relationTo: 'books';\n    value: number | Book;\n",
        "  lent: boolean;\n",
        "  extra?: { [k: string]: unknown } | unknown[] | string | number | boolean | null;\n",
        "  printed?: string | null;\n",
        "  updatedAt: string;\n  createdAt: string;\n",
        "export interface BooksSelect<T extends boolean = true> {\n  title?: T;\n",
        "  seo?: T | {\n    headline?: T;\n    note?: T;\n  };\n",
        "  about?: T;\n",
        "declare module 'payload' {\n  export interface GeneratedTypes extends Config {}\n}\n",
    ],
)
def test_it_has_the_form_of_payloads(types: str, part: str) -> None:
    """Names, optional keys, references and selects are spelled as its front ends expect them."""
    assert part in types


def test_hidden_fields_are_not_there(types: str) -> None:
    """Clients never see them."""
    assert "vault" not in types


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({}, "{ [k: string]: unknown } | unknown[] | string | number | boolean | null"),
        ({"type": "object"}, "{ [k: string]: unknown }"),
        ({"type": ["string", "null"]}, "string | null"),
        ({"type": "array", "items": {"type": ["string", "null"]}}, "(string | null)[]"),
        ({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}, "[number, number]"),
        ({"anyOf": [{"enum": ["a", "b"]}, {"type": "null"}]}, "('a' | 'b') | null"),
        ({"enum": [1, True, None]}, "1 | true | null"),
        ({"type": "object", "properties": {"a-b": {"type": "integer"}}}, "{\n  'a-b'?: number;\n}"),
    ],
)
def test_a_type_follows_from_a_schema(schema: Schema, expected: str) -> None:
    """Whatever a field says of its values."""
    assert spelled(schema) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("it's", r"'it\'s'"), ('a "b"', "'a \"b\"'"), ("a\\n", r"'a\\n'"), ("a\nb", r"'a\nb'")]
)
def test_text_is_quoted(value: str, expected: str) -> None:
    """With what it has of quotes and line ends."""
    assert literal(value) == expected


def test_a_description_cannot_end_its_comment() -> None:
    """A `*/` in it is broken up."""
    notes = Collection("notes", fields=[fields.Text("a", admin={"description": "*/ evil: any; /*"})])
    assert "* *\\/ evil: any; /*\n" in module(Config(collections=[notes]))


def test_blocks_are_types_of_their_own() -> None:
    """By the names they are given; two that are called alike and differ are spelled where they stand."""
    hero = fields.Block("hero", interface_name="Hero", fields=[fields.Text("headline", required=True)])
    other = fields.Block("hero", interface_name="Hero", fields=[fields.Text("tagline")])
    pages = Collection("pages", fields=[fields.Blocks("layout", blocks=[hero]), fields.Blocks("more", blocks=[hero])])
    posts = Collection("posts", fields=[fields.Blocks("layout", blocks=[other])])
    text = module(Config(collections=[pages, posts]))
    assert "  layout?: Hero[] | null;\n  more?: Hero[] | null;\n" in text
    assert "export interface Hero {\n  headline: string;\n" in text
    assert "  blockType: 'hero';\n" in text
    assert "    tagline?: string | null;\n" in text
    assert "  blocks: {\n    hero: Hero;\n  };\n" in text
    assert "  layout?: T | {\n    hero?: T | {\n      headline?: T;\n" in text


def test_rich_text_tells_of_its_blocks() -> None:
    """Among its nodes, by the names of their types."""
    hero = fields.Block("hero", fields=[fields.Text("headline", required=True)])
    dot = fields.Block("dot", fields=[fields.Number("size")])
    pages = Collection("pages", fields=[fields.RichText("body", blocks=[hero], inline_blocks=[dot])])
    text = module(Config(collections=[pages]))
    assert "        type: 'block';\n        fields: Hero;\n" in text
    assert "          type: 'inlineBlock';\n          fields: Dot;\n" in text
    assert "  blocks: {\n    hero: Hero;\n    dot: Dot;\n  };\n" in text


def test_joins_are_told_by_their_paths() -> None:
    """With the collections whose documents they hold."""
    posts = Collection("posts", fields=[fields.Join("comments", collection="comments", on="post")])
    comments = Collection("comments", fields=[fields.Relationship("post", relation_to="posts")])
    text = module(Config(collections=[posts, comments]))
    assert "  collectionsJoins: {\n    posts: {\n      comments: 'comments';\n    };\n  };\n" in text
    assert "    docs: (number | Comment)[];\n" in text


USE = """
import type { Config, Book, BooksSelect, User } from './types';
import type { GeneratedTypes } from 'payload';

const author: Book['author'] = 1;
const populated: Book['author'] = { id: 1, email: 'a@b.c', updatedAt: '', createdAt: '', sessions: [],
  collection: 'members' };
const book: Pick<Book, 'title' | 'seo' | 'links'> = { title: 'x', seo: { headline: 'y' }, links: [{ label: 'z' }] };
const select: BooksSelect = { title: true, seo: { headline: true } };
const collections: GeneratedTypes['collections'] = {} as Config['collections'];
const user: Config['user'] = {} as User & { collection: 'users' };
export { author, populated, book, select, collections, user };
// @ts-expect-error – a genre is one of the options
const genre: Book['genre'] = ['drama'];
// @ts-expect-error – a reference is an id or a document
const wrong: Book['author'] = 'ada';
export { genre, wrong };
"""


@pytest.mark.typescript
def test_the_compiler_takes_it(types: str, tmp_path: Path) -> None:
    """Under `--strict`, by itself and where Payload's package is, whose types it then adds to."""
    (tmp_path / "types.ts").write_text(types)
    assert compiled(tmp_path, "types.ts") == ""
    package = tmp_path / "node_modules" / "payload"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"name": "payload", "types": "index.d.ts"}')
    (package / "index.d.ts").write_text("export interface GeneratedTypes {}\n")
    (tmp_path / "use.ts").write_text(USE)
    assert compiled(tmp_path, "use.ts") == ""


def compiled(folder: Path, file: str) -> str:
    """What the compiler complains of."""
    compiler = dev.find_typescript()
    assert compiler is not None
    options = ["--strict", "--noEmit", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"]
    done = subprocess.run([compiler, *options, file], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_the_type_of_ids_is_the_configs() -> None:
    """Unless a collection declares its own."""
    coins = Collection("coins", id_type="integer", fields=[])
    text = module(Config(collections=[coins], id_type="uuid"))
    assert "defaultIDType: string;" in text
    assert "export interface Coin {\n  id: number;" in text
    assert "export interface User {\n  id: string;" in text
