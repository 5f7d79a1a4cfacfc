"""The yardstick on a collection of 40 fields: `ceiling`, with a table of as many columns.

What is stored as JSON goes from the column into the answer as it is, without being read, unless it holds references
that have to be populated. Notes on the posts of a page are one query, its authors' names another.
`python -m benchmarks.wide_ceiling PATH POSTS` makes the database that `CEILING_DATABASE` names.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from benchmarks import ceiling, content, wide
from benchmarks.ceiling import Ceiling, Document, make_app

TEXTS = ("subtitle", "summary", "contact", "snippet", "status", "layout", "startsAt", "startsAt_tz", "remark")
NUMBERS = ("price", "height", "width", "cover")
FLAGS = ("generateSlug", "pinned")
PARTS = {"seo": ("headline", "note"), "legal": ("notice", "year")}
REFERENCES = ("gallery", "reviewers", "subject", "mentions")
JSON = ("keywords", "scores", "channels", "settings", "place", "text", "links", "sections", *REFERENCES)
PARTS_COLUMNS = tuple(f"{group}_{key}" for group, keys in PARTS.items() for key in keys)
COLUMNS = (*ceiling.POST_COLUMNS, *TEXTS, *NUMBERS, *FLAGS, *PARTS_COLUMNS, *JSON)
PLACES = {name: place for place, name in enumerate(COLUMNS)}
TYPES = {"price": "real", "height": "real", "width": "real", "legal_year": "real", "cover": "integer"}
FURTHER = ", ".join(f"{name} {TYPES.get(name, 'integer' if name in FLAGS else 'text')}" for name in COLUMNS[11:])
CLOSING = "updatedAt text);\ncreate index posts_published"
SCHEMA = f"""
{ceiling.SCHEMA.replace(CLOSING, CLOSING.replace(")", f", {FURTHER})"))}
create index posts_slug on posts(slug);
create table notes(
  id integer primary key autoincrement, text text, post integer references posts(id), createdAt text, updatedAt text);
create index notes_post on notes(post, createdAt);
"""
INSERT = f"insert into posts({','.join(COLUMNS[1:])}) values({','.join('?' * (len(COLUMNS) - 1))})"
SELECT_NOTES = "select post,id,text,createdAt,updatedAt from notes where post in "
NAMES = "select id,name from users where id in "


class WideCeiling(Ceiling):
    """Posts of 40 fields."""

    select = f"select {','.join(COLUMNS)} from posts"  # noqa: S608 - names that this file holds
    insert = INSERT

    def read(self, rows: Sequence[Sequence[Any]], depth: int) -> list[Document]:
        load = orjson.loads if depth else orjson.Fragment
        docs = [read_post(row, load) for row in rows]
        ids = [doc["id"] for doc in docs]
        names = dict(self.rows(NAMES, {doc["author"] for doc in docs}))
        notes: dict[int, list[Any]] = {id: [] for id in ids}
        for note in self.rows(SELECT_NOTES, set(ids), " order by createdAt desc"):
            notes[note[0]].append(read_note(note) if depth else note[1])
        for doc in docs:
            doc["authorName"] = names.get(doc["author"])
            found = notes[doc["id"]]
            doc["notes"] = {"docs": found[:10], "hasNextPage": len(found) > 10}
        if depth:
            self._populate(docs)
        return docs

    def _populate(self, docs: list[Document]) -> None:
        wanted: dict[str, set[int]] = {"users": set(), "categories": set()}
        for doc in docs:
            wanted["users"] |= {doc["author"], *doc["reviewers"]}
            wanted["categories"] |= {doc["category"], doc["cover"], *doc["gallery"]}
            for item in (doc["subject"], *doc["mentions"]):
                wanted[item["relationTo"]].add(item["value"])
        users = {row[0]: ceiling.read_user(row) for row in self.rows(ceiling.SELECT_USERS, wanted["users"])}
        found = self.rows(ceiling.SELECT_CATEGORIES, wanted["categories"])
        categories = {row[0]: ceiling.read_category(row) for row in found}
        known: dict[str, dict[int, Document]] = {"users": users, "categories": categories}
        for doc in docs:
            doc["author"] = users.get(doc["author"], doc["author"])
            doc["reviewers"] = [users.get(id, id) for id in doc["reviewers"]]
            doc["category"] = categories.get(doc["category"], doc["category"])
            doc["cover"] = categories.get(doc["cover"], doc["cover"])
            doc["gallery"] = [categories.get(id, id) for id in doc["gallery"]]
            for item in (doc["subject"], *doc["mentions"]):
                item["value"] = known[item["relationTo"]].get(item["value"], item["value"])

    def complete(self, doc: Document) -> None:
        for rows in (doc["links"], doc["sections"]):
            for row in rows:
                row["id"] = os.urandom(12).hex()
        doc["generateSlug"] = False
        doc["authorName"] = self.rows(NAMES, {doc["author"]})[0][1]

    def row(self, doc: Document) -> tuple[Any, ...]:
        return row_of(doc)


def row_of(doc: Document) -> tuple[Any, ...]:
    """The values of a post's columns, but for the id."""
    flat = {**doc, **{f"{group}_{key}": doc[group][key] for group, keys in PARTS.items() for key in keys}}
    for name in JSON:
        flat[name] = orjson.dumps(flat[name]).decode()
    return tuple(map(flat.get, COLUMNS[1:]))


def read_post(row: Sequence[Any], load: Callable[[str], Any]) -> Document:
    """A wide post as its readers see it, without what other tables know; `load` makes what holds references."""
    doc = ceiling.read_post(row)
    for name in (*TEXTS, *NUMBERS):
        doc[name] = row[PLACES[name]]
    for name in FLAGS:
        doc[name] = row[PLACES[name]] == 1
    for group, keys in PARTS.items():
        doc[group] = {key: row[PLACES[f"{group}_{key}"]] for key in keys}
    for name in JSON:
        doc[name] = (load if name in REFERENCES else orjson.Fragment)(row[PLACES[name]])
    return doc


def read_note(row: Sequence[Any]) -> Document:
    """A note as its readers see it."""
    return {"id": row[1], "text": row[2], "post": row[0], "createdAt": row[3], "updatedAt": row[4]}


def prepare(path: str, count: int = content.POSTS) -> None:
    """Make the database and fill it."""
    connection = ceiling.connect(path)
    connection.executescript(SCHEMA)
    connection.execute("begin")
    ceiling.insert_all(connection, "users", content.users())
    ceiling.insert_all(connection, "categories", content.categories())
    _insert_posts(connection, count)
    ceiling.insert_all(connection, "notes", wide.notes(count))
    connection.execute("commit")
    connection.execute("analyze")
    connection.close()


def _insert_posts(connection: sqlite3.Connection, count: int) -> None:
    for doc in wide.posts(count):
        connection.execute(INSERT, row_of({**doc, "generateSlug": False}))


if __name__ == "__main__":
    prepare(sys.argv[1], int(sys.argv[2]))
elif "CEILING_DATABASE" in os.environ:
    app = make_app(WideCeiling(os.environ["CEILING_DATABASE"]))
