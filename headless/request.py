"""The request that endpoints are given: Starlette's, knowing the application and who asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from starlette.requests import Request as StarletteRequest
from starlette.responses import Response

from headless.http.body import parse_data, read_body
from headless.http.querystring import parse
from headless.http.responses import as_response
from headless.operations.idempotency import Answer, asked

if TYPE_CHECKING:
    from headless.api import Api
    from headless.app import Headless


FORM = "application/x-www-form-urlencoded"


class Request(StarletteRequest):
    """A Starlette request with `.user`, `.api` (the asker's rights) and `.system` (no restrictions)."""

    @property
    def app(self) -> Headless:
        """The application."""
        return self.scope["headless"]  # type: ignore[no-any-return]

    @property
    def user(self) -> Mapping[str, Any] | None:
        """The logged-in user's document, with `collection`, or None."""
        return self.scope.get("headless.user")

    @property
    def api(self) -> Api:
        """The local API with the asker's rights."""
        api = self.scope.get("headless.api")
        if api is None:
            app: Headless = self.scope["headless"]
            api = self.scope["headless.api"] = app.api_for(self.scope.get("headless.user"), self)
        return api

    @property
    def system(self) -> Api:
        """The local API without restrictions."""
        return self.app.as_system()

    @property
    def collection(self) -> str | None:
        """The slug of the collection whose endpoint is answering, if one is."""
        return self.scope.get("headless.collection")

    @property
    def global_(self) -> str | None:
        """The slug of the global whose endpoint is answering, if one is."""
        return self.scope.get("headless.global")

    @property
    def locale(self) -> str | None:
        """The locale the asker chose, None when the application has no locales."""
        return self.scope.get("headless.locale")

    @property
    def query(self) -> dict[str, Any]:
        """The query string as nested mappings: `where[a][equals]=1` is three deep. Raises BadRequest."""
        return parse(self.scope["query_string"])

    @property
    def token(self) -> str | None:
        """The token that the request came with, if it counts."""
        return self.scope.get("headless.token")

    @property
    def hook_state(self) -> dict[str, Any]:
        """What the hooks of this request share."""
        return self.scope.setdefault("headless.state", {})  # type: ignore[no-any-return]

    async def data(self) -> dict[str, Any]:
        """The body as data: JSON, or a form's `_payload`; an empty mapping for none. Raises BadRequest and TooLarge."""
        body = await self.content()
        if not body:
            return {}
        content_type = self.headers.get("content-type")
        return await parse_data(content_type.encode("latin-1") if content_type is not None else None, body)

    async def once(self, answer: Callable[[], Awaitable[Any]]) -> Any:
        """What `answer` returns, as a handler does; with an `Idempotency-Key`, the same at every repetition.

        What it writes and its answer are then stored in one transaction. Only status, body and content type of the
        answer are kept: it may not be a stream. Raises BadRequest, Conflict and ApiError for a key of no use.
        """
        key = next((value for name, value in self.scope["headers"] if name == b"idempotency-key"), None)
        if key is None or not self.app.config.idempotency_hours:
            return await answer()
        kind = self.headers.get("content-type", "").encode("latin-1")
        path, query = self.scope["path"].encode("utf-8", "surrogatepass"), self.scope["query_string"]
        request = asked(self.user, key, self.method.encode(), path, query, kind, await self.content())

        async def make() -> Answer:
            made = as_response(await answer())
            return Answer(made.status_code, dict(made.raw_headers).get(b"content-type", b"").decode(), made.body)

        found = await self.app.answers.once(request, make)
        headers = {"idempotency-replayed": "true"} if found.replayed else {}
        return Response(found.body, found.status, headers, found.content_type or None)

    async def become_read(self) -> None:
        """Makes a POST the GET that it stands for: a form in its body is the query. Raises TooLarge."""
        if self.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM:
            parts = (self.scope["query_string"], await self.content())
            self.scope["query_string"] = b"&".join(filter(None, parts))
            self._body = b""
        self.scope["method"] = "GET"

    async def content(self) -> bytes:
        """The body's bytes. Raises TooLarge past the application's limit."""
        if not hasattr(self, "_body"):
            self._body = await read_body(self.receive, self.app.config.body_limit)
        return self._body
