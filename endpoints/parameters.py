"""The parameters of a query string as the calls of the local API take them.

What a query string means is remembered, so that asking the same again costs nothing; the mappings are never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    return _options(request.scope["query_string"], _document, _remembered_document)


def of_list(request: Request) -> Options:
    """Which documents, in which order, how many and how shown."""
    return _options(request.scope["query_string"], _list, _remembered_list)


def of_write(request: Request) -> dict[str, Any]:
    """How the answer of a write shows the document: as deep as a read would."""
    options = dict(of_document(request))
    options.pop("joins", None)
    if options.get("depth") is None:
        options["depth"] = request.app.config.default_depth
    options["depth"] = max(0, min(options["depth"], request.app.config.max_depth))
    return options


def _options(raw: bytes, read: Callable[[bytes], Options], remembered: Callable[[bytes], Options]) -> Options:
    return remembered(raw) if len(raw) <= LONGEST_REMEMBERED else read(raw)


def _document(raw: bytes) -> Options:
    if not raw:
        return {}
    query = parse_query(raw)
    return {
        "depth": whole(query, "depth"),
        "select": query.get("select"),
        "populate": query.get("populate"),
        **({"joins": query["joins"]} if "joins" in query else {}),
    }


def _list(raw: bytes) -> Options:
    if not raw:
        return {}
    query = parse_query(raw)
    pagination = is_true(query, "pagination", default=True)
    limit = whole(query, "limit")
    page = whole(query, "page")
    return {
        "where": query.get("where"),
        "sort": query.get("sort"),
        "limit": limit if limit is not None else 10 if pagination else 0,
        "page": 1 if page is None else page,
        "depth": whole(query, "depth"),
        "select": query.get("select"),
        "populate": query.get("populate"),
        "joins": query.get("joins"),
        "pagination": pagination,
    }


_remembered_document = lru_cache(maxsize=1024)(_document)
_remembered_list = lru_cache(maxsize=4096)(_list)
