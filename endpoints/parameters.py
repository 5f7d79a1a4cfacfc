"""The parameters of a query string as the calls of the local API take them.

What a query string means is remembered, so that asking the same again costs nothing; the mappings are never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from headless import BadRequest, Request, parse_query

Options = Mapping[str, Any]

LONGEST_REMEMBERED = 512


def whole(query: Mapping[str, Any], key: str) -> int | None:
    """A whole number, None when it is not given. Raises BadRequest for anything else."""
    text = query.get(key)
    if text is None or text == "":
        return None
    digits = text[1:] if isinstance(text, str) and text.startswith("-") else text
    if not isinstance(digits, str) or not digits.isascii() or not digits.isdigit() or len(digits) > 15:
        raise BadRequest(f"{key!r} is a whole number.")
    return int(text)


def is_true(query: Mapping[str, Any], key: str, default: bool = False) -> bool:
    """A yes or no."""
    text = query.get(key)
    return default if text is None else text in ("true", "1", True)


def of_document(request: Request) -> Options:
    """How one document is shown: `depth`, `select`, `populate`, `joins`."""
    raw = request.scope["query_string"]
    return _remembered_document(raw) if len(raw) <= LONGEST_REMEMBERED else _document(raw)


def of_list(request: Request) -> Options:
    """Which documents, in which order, how many and how shown."""
    raw = request.scope["query_string"]
    return _remembered_list(raw) if len(raw) <= LONGEST_REMEMBERED else _list(raw)


def of_write(request: Request) -> dict[str, Any]:
    """How the answer of a write shows the document: as deep as a read would."""
    options = dict(of_document(request))
    options.pop("joins", None)
    if options.get("depth") is None:
        options["depth"] = request.app.config.default_depth
    options["depth"] = max(0, min(options["depth"], request.app.config.max_depth))
    return options


def _document(raw: bytes) -> Options:
    if not raw:
        return {}
    return _shown(parse_query(raw))


def _shown(query: Mapping[str, Any]) -> Options:
    """How documents are shown. What is not given is left out, which each call can tell by its defaults."""
    shown = {key: query[key] for key in ("select", "populate", "joins") if key in query}
    depth = whole(query, "depth")
    return shown if depth is None else {"depth": depth, **shown}


def _list(raw: bytes) -> Options:
    if not raw:
        return {}
    query = parse_query(raw)
    pagination = is_true(query, "pagination", default=True)
    limit = whole(query, "limit")
    page = whole(query, "page")
    return {
        **{key: query[key] for key in ("where", "sort") if key in query},
        "limit": limit if limit is not None else 10 if pagination else 0,
        "page": 1 if page is None else page,
        "pagination": pagination,
        **_shown(query),
    }


_remembered_document = lru_cache(maxsize=1024)(_document)
_remembered_list = lru_cache(maxsize=4096)(_list)
