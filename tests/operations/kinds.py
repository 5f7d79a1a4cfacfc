"""Collections with each kind of ids, and data whose references are numbered 1, 2, … whatever the ids are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headless import Collection, fields
from headless.testing import TestClient

KINDS = ("integer", "uuid", "text", "number")


def with_ids(kind: str, slug: str, declared: Sequence[Any] = (), **options: Any) -> Collection:
    """The collection with ids of that kind."""
    if kind in ("integer", "uuid"):
        options["id_type"] = kind
        return Collection(slug, fields=declared, **options)
    field = fields.Text("id") if kind == "text" else fields.Number("id")
    return Collection(slug, fields=[field, *declared], **options)


def own_id(kind: str, number: int) -> dict[str, Any]:
    """What the data of the document of that number says of its id; nothing where it may not say anything."""
    own: dict[str, Any] = {"text": f"no. {number}: a/b", "number": 10 * number}
    return {"id": own[kind]} if kind in own else {}


def make(client: TestClient, kind: str, slug: str, *data: Mapping[str, Any]) -> list[Any]:
    """Creates documents and answers their ids; the first stands at 1."""
    made = [client.create(slug, {**own_id(kind, number), **each}) for number, each in enumerate(data, 1)]
    return [None, *(document["id"] for document in made)]


def naming(value: Any, slug: str, ids: Sequence[Any], keys: Sequence[str]) -> Any:
    """The data with the numbers under the keys, and in values that say `relationTo: slug`, replaced by the ids."""
    if isinstance(value, list):
        return [naming(item, slug, ids, keys) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "relationTo" in value:
        return {**value, "value": _named(value["value"], ids)} if value["relationTo"] == slug else value
    return {key: _named(item, ids) if key in keys else naming(item, slug, ids, keys) for key, item in value.items()}


def _named(value: Any, ids: Sequence[Any]) -> Any:
    if isinstance(value, list):
        return [_named(item, ids) for item in value]
    return ids[value] if isinstance(value, int) else value
