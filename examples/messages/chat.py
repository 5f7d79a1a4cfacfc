"""The chat's page: complete without JavaScript, live with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from headless import Headless, HeadlessError, Request
from headless.examples.messages.pages import HEADERS, file, inner_path, page, plain

SHOWN = 50
PEOPLE = 20


class Chat:
    """Shows the newest messages and sends one, in the name of whom the visitor says to be: for public messages only."""

    def __init__(self, app: Headless) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._answer(Request(scope, receive))
        except HeadlessError as error:
            response = plain(error.message, error.status_code)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path = inner_path(request.scope)
        if path != "/":
            return file(path.removeprefix("/"))
        if request.method == "POST":
            return await self._send(request)
        if request.method in ("GET", "HEAD"):
            return await self._show(request, request.query_params)
        return plain("Method Not Allowed", 405)

    async def _send(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.content()).decode("utf-8", "replace"), keep_blank_values=True))
        message = {name: form.get(name) for name in ("sender", "receiver", "content")}
        try:
            await request.api.create("messages", message)
        except HeadlessError as error:
            asked = {"as": form.get("sender", ""), "to": form.get("receiver", "")}
            return await self._show(request, asked, form.get("content", ""), error)
        again = urlencode({"as": form["sender"], "to": form["receiver"]})
        return RedirectResponse(f"{request.scope['root_path']}?{again}#content", 303, HEADERS)

    async def _show(
        self, request: Request, asked: Mapping[str, str], content: str = "", error: HeadlessError | None = None
    ) -> Response:
        people = (await request.system.find("users", sort="id", limit=PEOPLE, depth=0, select={"email": True})).docs
        found = await request.api.find("messages", sort="-createdAt", limit=SHOWN, depth=1)
        me = _chosen(people, asked.get("as")) or (people[0] if people else None)
        to = _chosen(people, asked.get("to")) or next((person for person in people if person != me), me)
        base = request.scope["root_path"]
        api = base.removesuffix("/chat") + "/api/messages"
        return page(
            "chat.html", error.status_code if error else 200, base=base, api=api, people=people, me=me, to=to,
            messages=found.docs[::-1], content=content, problem=_problem(error),
        )  # fmt: skip


def _chosen(people: list[dict[str, Any]], id: str | None) -> dict[str, Any] | None:
    return next((person for person in people if str(person["id"]) == id), None)


def _problem(error: HeadlessError | None) -> str:
    """What was wrong, in the words of the fields where there are any."""
    if error is None:
        return ""
    listed = error.data.get("errors") if isinstance(error.data, Mapping) else None
    return " ".join(item["message"] for item in listed) if listed else error.message
