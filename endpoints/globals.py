"""The routes that every global has: its document, the change of it, and what may be done with it."""

from __future__ import annotations

from typing import Any

from headless import Endpoint, JSONResponse, Request
from headless.endpoints.documents import REPEATED, SHOWN, TOO_LATE
from headless.endpoints.parameters import of_document, of_write
from headless.endpoints.revisions import etag, if_match

RESULT = {
    "type": "object",
    "properties": {"message": {"type": "string"}, "result": {"$ref": "document"}},
    "required": ["message", "result"],
}


@Endpoint.get("/", operation="read", parameters=[*SHOWN, "revision"], response_schema={"$ref": "document"})
async def find_global(request: Request) -> JSONResponse:
    """The global: until it is first saved, the defaults of its fields."""
    slug, headers = _slug(request), None
    if b"revision=" in request.scope["query_string"]:
        headers = await etag(request, lambda: request.api.global_revision(slug))
    options = dict(of_document(request))
    options.pop("joins", None)
    return JSONResponse(await request.api.find_global(slug, **options), headers=headers)


@Endpoint.post(
    "/",
    operation="update",
    parameters=[*SHOWN, "if_match", "idempotency_key"],
    request_schema={"$ref": "update"},
    response_schema=RESULT,
    responses={**REPEATED, **TOO_LATE},
)
async def update_global(request: Request) -> Any:
    """Changes the global."""
    return await request.once(lambda: _updated(request))


async def _updated(request: Request) -> JSONResponse:
    options = of_write(request)
    with if_match(request) as expected:
        result = await request.api.update_global(_slug(request), await request.data(), **options, **expected)
    return JSONResponse({"message": "Updated successfully.", "result": result})


@Endpoint.post("/access", request_schema={"type": "object"}, response_schema={"$ref": "permissions"})
async def global_permissions(request: Request) -> JSONResponse:
    """What the asker may do with the global."""
    return JSONResponse(await request.api.global_permissions(_slug(request), await request.data()))


def _slug(request: Request) -> str:
    slug = request.global_
    assert slug is not None
    return slug


ENDPOINTS = (find_global, update_global, global_permissions)
"""The routes under `/api/globals/{slug}`."""
