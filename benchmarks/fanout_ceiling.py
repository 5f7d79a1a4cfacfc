"""The yardstick for streams: every subscriber's ASGI `send` awaited in one loop, nothing kept or checked."""

from __future__ import annotations

import orjson

from benchmarks.ceiling import Message, Receive, Scope, Send, answer, live, read_body

HEADERS = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
sends: dict[Send, None] = {}


async def stream(receive: Receive, send: Send) -> None:
    """Hold one subscriber until it leaves."""
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b":\n\n", "more_body": True})
    sends[send] = None
    try:
        while (await receive())["type"] != "http.disconnect":
            pass
    finally:
        del sends[send]


async def publish(body: bytes) -> None:
    """Encode the message once and write it to everyone."""
    doc = orjson.dumps(orjson.loads(body))
    message: Message = {
        "type": "http.response.body",
        "body": b"event: create\ndata: " + doc + b"\n\n",
        "more_body": True,
    }
    for send in list(sends):
        await send(message)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """`GET` subscribes, `POST` publishes, whatever the path."""
    if scope["type"] == "lifespan":
        await live(receive, send)
    elif scope["method"] == "POST":
        await publish(await read_body(receive))
        await answer(send, 201, b"{}")
    else:
        await stream(receive, send)
