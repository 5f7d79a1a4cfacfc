"""A chat as a plugin: messages between users, and a stream that tells them as they are stored."""

from __future__ import annotations

from typing import Any

from headless import AccessContext, Collection, Config, Endpoint, Request, anyone, fields, plugin, staff
from headless.events import Event, EventStream
from headless.examples.messages.chat import Chat


def takes_part(context: AccessContext) -> bool | dict[str, Any]:
    """Users read what they sent or received."""
    me = context.user
    if me is None or me["collection"] != "users":
        return False
    return {"or": [{"sender": {"equals": me["id"]}}, {"receiver": {"equals": me["id"]}}]}


def sends_as_himself(context: AccessContext) -> bool:
    """Users send in their own name."""
    me, data = context.user, context.data or {}
    return me is not None and me["collection"] == "users" and data.get("sender") == me["id"]


def as_array(event: Event) -> tuple[str, Any] | None:
    """An array of messages, newest first, or the id of one that is gone."""
    if event.name in ("delete", "leave"):
        return event.name, event.document_id
    messages = event.docs if event.doc is None else [event.doc]
    return ("message", messages) if messages else None


@Endpoint.get("/sse")
async def stream(request: Request) -> EventStream:
    """The newest ten messages, then each new or edited one."""
    watch = request.api.watch("messages", snapshot=10, sort="-createdAt", depth=1)
    return EventStream(watch, encode=as_array, heartbeat=30, ping=("ping", "keep-alive"))


@plugin("messages")
def messages(config: Config, public: bool = False) -> Config:
    """Messages at `/api/messages`, their stream at `/api/messages/sse`; when `public`, a page at `/chat` too."""
    # Public: anyone reads, writes and deletes everything, and sees the e-mail addresses of senders and receivers.
    access = anyone if public else {"read": [staff, takes_part], "create": [staff, sends_as_himself]}
    shown = ("email",) if public else ()
    collection = Collection(
        "messages",
        fields=[
            fields.Relationship("sender", relation_to="users", required=True, populate_as_system=shown),
            fields.Relationship("receiver", relation_to="users", required=True, populate_as_system=shown),
            fields.Text("content", required=True, max_length=2000),
            fields.Date("timestamp", required=True, default_value="now"),
        ],
        access=access,
        admin={"use_as_title": "content", "default_columns": ("content", "sender", "receiver", "timestamp")},
        endpoints=[stream],
    )
    config = config.with_collections(collection)
    return config.with_mounts({"/chat": Chat}) if public else config
