"""The parameters of a query string as the calls of the local API take them."""

from __future__ import annotations

from typing import Any

from headless import BadRequest, Request


def whole(query: dict[str, Any], key: str) -> int | None:
    """A whole number, None when it is not given. Raises BadRequest for anything else."""
    text = query.get(key)
    if text is None or text == "":
        return None
    digits = text[1:] if isinstance(text, str) and text.startswith("-") else text
    if not isinstance(digits, str) or not digits.isascii() or not digits.isdigit() or len(digits) > 15:
        raise BadRequest(f"{key!r} is a whole number.")
    return int(text)


def is_true(query: dict[str, Any], key: str, default: bool = False) -> bool:
    """A yes or no."""
    text = query.get(key)
    return default if text is None else text in ("true", "1", True)


def of_document(request: Request) -> dict[str, Any]:
    """How one document is shown: `depth`, `select`, `populate`."""
    query = request.query
    if not query:
        return {}
    return {"depth": whole(query, "depth"), "select": query.get("select"), "populate": query.get("populate")}


def of_write(request: Request) -> dict[str, Any]:
    """How the answer of a write shows the document: as deep as a read would."""
    options = of_document(request)
    if options.get("depth") is None:
        options["depth"] = request.app.config.default_depth
    options["depth"] = max(0, min(options["depth"], request.app.config.max_depth))
    return options


def of_list(request: Request) -> dict[str, Any]:
    """Which documents, in which order, how many and how shown."""
    query = request.query
    if not query:
        return {}
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
        "pagination": pagination,
    }
