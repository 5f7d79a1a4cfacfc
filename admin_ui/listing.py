"""The state of a list: what its query string says, and the addresses of the same list a little different."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from headless import parse_query
from headless.admin_ui.entry import Entry

MOST_ROWS = 100


@dataclass(frozen=True)
class Query:
    """What is listed: the parameters of the REST API, with a search text and the columns beside them."""

    path: str
    where: Mapping[str, Any] = field(default_factory=dict)
    sort: str = ""
    q: str = ""
    page: int = 1
    limit: int = 10
    columns: tuple[str, ...] = ()
    given: frozenset[str] = frozenset()

    def pairs(self, without: tuple[str, ...] = ()) -> list[tuple[str, str]]:
        """The parameters that say more than the defaults do, as a form or a query string carries them."""
        pairs = [] if "where" in without else list(flatten("where", self.where))
        for name, value in (("sort", self.sort), ("q", self.q), ("limit", self.limit), ("page", self.page)):
            if name in self.given and name not in without and value not in ("", None):
                pairs.append((name, str(value)))
        if "columns" in self.given and "columns" not in without:
            pairs += [("columns", column) for column in self.columns]
        return pairs

    def url(self, **changes: Any) -> str:
        """The address of the same list with some parameters changed; None takes one away."""
        gone = {name for name, value in changes.items() if value is None}
        kept = {name: value for name, value in changes.items() if value is not None}
        if "where" in gone:
            kept["where"] = {}
        changed = replace(self, **kept, given=(self.given - gone) | set(kept))
        query = urlencode(changed.pairs())
        return f"{self.path}?{query}" if query else self.path

    def asked(self, entry: Entry) -> dict[str, Any]:
        """The filters and the search as one where of the API."""
        search = _search(entry, self.q)
        parts = [part for part in (dict(self.where), search) if part]
        return {"and": parts} if len(parts) > 1 else parts[0] if parts else {}


def read_query(path: str, raw: bytes, entry: Entry) -> Query:
    """The state that a query string describes. Raises BadRequest for one that is malformed."""
    given = parse_query(raw)
    where = given.get("where")
    columns = tuple(name for name in _texts(given.get("columns")) if name in entry.listed or name == "id")
    return Query(
        path=path,
        where=where if isinstance(where, dict) else {},
        sort=_text(given.get("sort")) or ",".join(entry.default_sort),
        q=_text(given.get("q")).strip()[:200],
        page=_whole(given.get("page"), 1, 10_000_000),
        limit=_whole(given.get("limit"), entry.limit, MOST_ROWS),
        columns=columns or entry.columns,
        given=frozenset(given),
    )


def flatten(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """A nested value as the pairs of a query string with brackets."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from flatten(f"{name}[{key}]", item)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from flatten(f"{name}[{index}]", item)
    else:
        yield name, "" if value is None else str(value)


def _search(entry: Entry, text: str) -> dict[str, Any]:
    """Documents with all the words in one of the searched fields, or with this number."""
    if not text:
        return {}
    wheres: list[dict[str, Any]] = [{path: {"like": text}} for path in entry.searched]
    id = entry.read_id(text)
    if id is not None and "id" not in entry.searched:
        wheres.append({"id": {"equals": id}})
    return {"or": wheres} if wheres else {"id": {"exists": False}}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [part for item in values if isinstance(item, str) for part in item.split(",") if part]


def _whole(value: Any, default: int, most: int) -> int:
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > 9:
        return default
    return min(max(int(value), 1), most)
