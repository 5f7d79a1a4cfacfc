"""Answering requests: the route, who asks, whether he may, the handler, and errors mapped to responses in one place."""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
from collections.abc import Awaitable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headless.access import AccessContext, constant, decide
from headless.endpoint import Endpoint
from headless.errors import BadRequest, Forbidden, HeadlessError, RouteNotFound, Unserved
from headless.hooks import HookContext
from headless.http.cors import CorsPolicy
from headless.http.responses import JSONResponse, as_response
from headless.identification import identify
from headless.operations.ticket import PREFIX
from headless.request import Request
from headless.routing import Found, Owner, Router, split
from headless.security.origin import OriginCheck
from headless.shipped import generated, generated_global, generated_root
from headless.streams.response import EventStream
from headless.streams.shutdown import watch_server_exit

if TYPE_CHECKING:
    from headless.app import Headless

logger = logging.getLogger("headless.server")

API = "/api"
STREAMS_ONLY = "A ticket opens a stream and nothing else."
_NOSNIFF = ((b"x-content-type-options", b"nosniff"),)
_PREFLIGHT = (b"access-control-request-method",)
_OVERRIDES = (b"x-http-method-override", b"x-payload-http-method-override")
_TICKET = re.compile(rb"(?:^|&)ticket=(%s[^&]*)" % re.escape(PREFIX.encode()))


class Server:
    """The HTTP side of an application."""

    def __init__(self, app: Headless) -> None:
        config = app.config
        self._app = app
        self._cors = CorsPolicy(config.cors.origins, config.cors.headers)
        trusted = [*config.csrf, *self._cors.credentialed_origins]
        self._origins = OriginCheck(trusted, config.server_url)
        self._router = Router(
            config.endpoints,
            generated_root(config),
            {slug: Owner(found.declaration, generated(found.declaration)) for slug, found in app.collections.items()},
            {
                slug: Owner(found.declaration, generated_global(found.declaration))
                for slug, found in app.globals.items()
            },
        )
        self._mounts: dict[str, ASGIApp] = {}

    def routes(self) -> Iterator[tuple[str, str, Endpoint | None, str, str | None]]:
        """Every route: method, path, endpoint, what declares it, and the collection or global it belongs to."""
        for path, endpoint, source, slug in self._router:
            yield endpoint.method, API + path, endpoint, source, slug
        for path in self._app.config.mounts:
            yield "*", path, None, "mount", None

    def watch_exit(self) -> None:
        """Ends the streams as soon as the server is told to stop, which it does not tell the application itself."""
        watch_server_exit(self._app.hub)

    def cookie_counts(self, request: Request) -> bool:
        """Whether a request comes from where its cookies count: no other site logs a browser in."""
        return self._origins.cookie_counts(request.scope)

    def answer(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answers one request."""
        path = scope["path"]
        root = scope.get("root_path", "")
        if root and path.startswith(root):
            path = path[len(root) :]
        if path.startswith("/api/") or path == API:
            return self._api(path, scope, receive, send)
        return self._mounted(path, scope, receive, send)

    async def _api(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        origin = None
        identified = False
        for name, value in scope["headers"]:
            if name == b"origin":
                origin = value
            elif name == b"authorization" or name == b"cookie":
                identified = True
        if scope["method"] == "OPTIONS" and self._is_preflight(path, scope):
            response: Any = JSONResponse({})
            response.raw_headers.extend(self._cors.preflight(origin))
            await response(scope, receive, send)
            return
        request = Request(scope, receive)
        scope["headless"] = self._app
        try:
            ticket = _ticket(scope)
            if ticket is not None:
                await self._redeem(ticket, scope)
            elif identified or self._app.sessions.has_strategies:
                await identify(self._app.sessions, self._origins, request, path[5:].partition("/")[0])
            response = await self._handled(path, scope, request)
            if ticket is not None and not _is_stream(response):
                raise Forbidden(STREAMS_ONLY)
        except ClientDisconnect:
            return
        except Exception as error:
            response = await self._failed(error, request)
        finally:
            # The API knows the request, whose scope knows the API: without this only the collector would free them.
            scope.pop("headless.api", None)
        added = self._cors.headers(origin) + _NOSNIFF
        response.raw_headers += added
        try:
            await response(scope, receive, send)
        except Exception as error:
            if not isinstance(response, EventStream):
                raise
            # A stream raises only what came before its first byte: a rule's refusal, or a snapshot that failed.
            response = await self._failed(error, request)
            response.raw_headers += added
            await response(scope, receive, send)

    def _is_preflight(self, path: str, scope: Scope) -> bool:
        """Whether an OPTIONS is a browser's question about the others, or one that no endpoint answers."""
        return bool(_header(scope, _PREFLIGHT)) or self._router.find("OPTIONS", _segments(path, scope)) is None

    async def _handled(self, path: str, scope: Scope, request: Request) -> Any:
        method = scope["method"]
        if method == "POST":
            method = await self._overridden(path, request)
        (endpoint, _, slug, is_async), parameters = self._find(method, path, request)
        scope["headless.global" if slug in self._app.globals else "headless.collection"] = slug
        scope["path_params"] = parameters
        if endpoint.access is not None and not await self._admits(endpoint, slug, request):
            raise Forbidden
        handler = endpoint.handler
        answer = await (handler(request) if is_async else asyncio.to_thread(handler, request))
        return answer if type(answer) is JSONResponse else as_response(answer)

    async def _overridden(self, path: str, request: Request) -> str:
        """The method that a POST stands for: GET, when its headers say so, and never another."""
        asked = _header(request.scope, _OVERRIDES).upper()
        if asked in (b"", b"POST"):
            return "POST"
        if asked == b"GET":
            await request.become_read()
            return "GET"
        self._find("POST", path, request)
        raise BadRequest("A POST can stand for a GET, and for no other method.")

    def _find(self, method: str, path: str, request: Request) -> Found:
        """The route for a method. A HEAD is answered as a GET, unless there is an endpoint for it."""
        segments = _segments(path, request.scope)
        found = self._router.find(method, segments)
        if found is None and method == "HEAD":
            found = self._router.find("GET", segments)
        if found is not None:
            return found
        owner = self._router.owner(segments)
        if owner is not None and not owner.generated:
            raise Unserved(request.method, str(request.url))
        raise RouteNotFound(path)

    async def _admits(self, endpoint: Endpoint, slug: str | None, request: Request) -> bool:
        fixed = constant(endpoint.access)
        if fixed is not None:
            return fixed
        context = AccessContext(
            request.user, "endpoint", slug or "", request=request, staff_collection=self._app.config.admin.user
        )
        return await decide(endpoint.access, context) is True

    async def _redeem(self, ticket: str, scope: Scope) -> None:
        """The ticket's session asks, whatever else the request says."""
        if scope["method"] != "GET":
            raise Forbidden(STREAMS_ONLY)
        scope["headless.user"] = await self._app.tickets.redeem(ticket)

    async def _failed(self, error: Exception, request: Request) -> Any:
        """The response for an error, as hooks after it may change it."""
        known = error if isinstance(error, HeadlessError) else None
        if known is None or not known.is_public:
            logger.exception("%s %s failed", request.method, request.scope["path"], exc_info=error)
        if known is not None and known.is_public:
            response: Any = _error_response(known)
        else:
            body: dict[str, Any] = {"errors": [{"message": "Something went wrong."}]}
            if self._app.config.debug:
                body["errors"][0]["cause"] = f"{type(error).__name__}: {error}"
            response = JSONResponse(body, status=500)
        return await self._after_error(error, request, response)

    async def _after_error(self, error: Exception, request: Request, response: Any) -> Any:
        slug = request.collection
        hooks = [*self._app.collections[slug].hooks.get("after_error", ())] if slug else []
        hooks += self._app.config.hooks.get("after_error", ())
        if not hooks:
            return response
        context = HookContext("error", slug or "", request.user, request=request, error=error, result=response)
        context.api, context.system = request.api, request.system
        for hook in hooks:
            try:
                answer = hook(context)
                if inspect.isawaitable(answer):
                    answer = await answer
            except Exception:
                logger.exception("after_error hook %r failed", getattr(hook, "__name__", hook))
                continue
            if isinstance(answer, Mapping):
                answer = JSONResponse(answer.get("response"), status=answer.get("status", response.status_code))
            if answer is not None:
                response = answer
        return response

    async def _mounted(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands the request to the application mounted at the longest prefix of its path."""
        prefix = path.rstrip("/")
        mounts = self._app.config.mounts
        while prefix not in mounts and prefix:
            prefix = prefix.rpartition("/")[0]
        key = prefix if prefix in mounts else "/"
        scope["headless"] = self._app
        if key not in mounts:
            await _error_response(RouteNotFound(path))(scope, receive, send)
            return
        try:
            await identify(self._app.sessions, self._origins, Request(scope, receive))
        except HeadlessError as error:
            await _error_response(error)(scope, receive, send)
            return
        if key != "/":
            scope = {**scope, "root_path": scope.get("root_path", "") + key}
        await self._guarded(self._mount(key), scope, receive, send)

    async def _guarded(self, mounted: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Runs a mounted application; an error of the platform's that it lets through is answered as the API would."""
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await mounted(scope, receive, noting)
        except HeadlessError as error:
            if started or not error.is_public:
                raise
            await _error_response(error)(scope, receive, send)

    def _mount(self, key: str) -> ASGIApp:
        mounted = self._mounts.get(key)
        if mounted is None:
            declared = self._app.config.mounts[key]
            mounted = self._mounts[key] = declared(self._app) if _is_factory(declared) else declared
        return mounted


def _segments(path: str, scope: Scope) -> list[str]:
    """The segments below `/api`. A slash that was sent as `%2F` is part of its segment, such as an id."""
    raw: bytes = scope.get("raw_path") or b""
    if raw.find(b"%") < 0 or b"%2f" not in raw.lower():
        return split(path[5:])
    above = len(split(scope["path"])) - len(split(path)) + 1
    return [unquote(segment) for segment in split(raw.decode("latin-1"))[above:]]


def _ticket(scope: Scope) -> str | None:
    """The ticket in a query string. It is taken out, because servers log addresses."""
    query = scope["query_string"]
    found = _TICKET.search(query) if query.find(b"ticket=") >= 0 else None
    if found is None:
        return None
    scope["query_string"] = _TICKET.sub(b"", query).removeprefix(b"&")
    return str(found[1], "latin-1")


def _is_stream(response: Any) -> bool:
    return any(
        name == b"content-type" and value.startswith(b"text/event-stream") for name, value in response.raw_headers
    )


def _error_response(error: HeadlessError) -> JSONResponse:
    return JSONResponse(error.body(), status=error.status_code, headers=error.headers)


def _header(scope: Scope, names: tuple[bytes, ...]) -> bytes:
    """The first of these headers, empty when there is none."""
    return next((value.strip() for name, value in scope["headers"] if name in names), b"")


def _is_factory(declared: Any) -> bool:
    """Whether a mount is a function of the application that makes an ASGI application."""
    try:
        return len(inspect.signature(declared).parameters) == 1
    except (TypeError, ValueError):
        return False
