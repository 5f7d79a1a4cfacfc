"""Live streams: of a collection a list that is watched or one document, and the one of a global."""

from __future__ import annotations

import datetime as dt
from typing import Any

from headless import AuthenticationError, BadRequest, Endpoint, JSONResponse, Request, authenticated
from headless.endpoints.parameters import whole
from headless.events import EventStream

SHOWN = ("snapshot", "since", "events", "sort", "depth", "select", "populate", "ticket")
EVENT = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "description": "Where to go on: `Last-Event-ID`, or `since`."},
        "event": {"enum": ["create", "update", "delete", "enter", "leave", "snapshot", "reset"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["event", "data"],
    "description": "One event; they follow each other without end.",
}
STREAM: Any = {
    "operation": "read",
    "media_type": "text/event-stream",
    "response_schema": EVENT,
    "responses": {401: "This is no ticket.", 429: "The asker, or the address, has too many streams open."},
}
TICKET = {
    "type": "object",
    "properties": {"ticket": {"type": "string"}, "expiresAt": {"type": "string", "format": "date-time"}},
    "required": ["ticket", "expiresAt"],
}


@Endpoint.get("/stream", parameters=["where", *SHOWN], **STREAM)
async def watch_list(request: Request) -> EventStream:
    """The changes of the documents that match, as they are committed."""
    return EventStream(_watch(request, request.query.get("where")))


@Endpoint.get("/{id}/stream", parameters=SHOWN, **STREAM)
async def watch_document(request: Request) -> EventStream:
    """The changes of one document."""
    return EventStream(_watch(request, {"id": {"equals": request.path_params["id"]}}))


@Endpoint.get("/stream", parameters=[name for name in SHOWN if name != "sort"], **STREAM)
async def watch_global(request: Request) -> EventStream:
    """The changes of the global, as they are committed."""
    assert request.global_ is not None
    options = _options(request)
    snapshot = options.pop("snapshot") is not False
    return EventStream(request.api.watch_global(request.global_, snapshot=snapshot, **options))


@Endpoint.post("/stream-ticket", access=authenticated, response_schema=TICKET)
async def stream_ticket(request: Request) -> JSONResponse:
    """A ticket that opens one stream within 30 seconds, as `?ticket=`, for pages whose `EventSource` has no cookie."""
    assert request.user is not None
    ticket = request.app.tickets.issue(request.user)
    expires = dt.datetime.fromtimestamp(ticket.exp, dt.UTC)
    return JSONResponse({"ticket": ticket.text, "expiresAt": expires}, headers={"cache-control": "no-store"})


def _watch(request: Request, where: Any) -> Any:
    assert request.collection is not None
    return request.api.watch(request.collection, where=where, sort=request.query.get("sort"), **_options(request))


def _options(request: Request) -> dict[str, Any]:
    """Where the stream begins, what of it is told and how."""
    query = request.query
    if "ticket" in query:
        # One that is a ticket was taken out when it was used.
        raise AuthenticationError("This is no ticket.")
    return {
        "snapshot": _snapshot(query.get("snapshot")),
        "depth": whole(query, "depth") or 0,
        "select": query.get("select"),
        "populate": query.get("populate"),
        "since": whole(query, "since"),
        "events": _events(query.get("events")),
    }


def _events(given: Any) -> list[str] | None:
    """Names of events, in a comma list or as a list; None keeps all."""
    if given is None or given == "":
        return None
    names = given.split(",") if isinstance(given, str) else given
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise BadRequest("'events' is a list of names.")
    return names


def _snapshot(text: Any) -> int | bool:
    """Not at all, everything, or at most so many."""
    if text in (None, "", "false", "0"):
        return False
    if text == "true":
        return True
    if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 7:
        return int(text)
    raise BadRequest("'snapshot' is true, false or a number of documents.")


ENDPOINTS = (watch_list, watch_document)
"""The streams under `/api/{slug}`."""

OF_GLOBALS = (watch_global,)
"""The stream under `/api/globals/{slug}`."""

ROOT = (stream_ticket,)
"""The routes under `/api` itself."""
