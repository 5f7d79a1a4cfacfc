"""The routes that every collection has: lists, documents, and changes of one or of all that match."""

from __future__ import annotations

from functools import partial
from typing import Any

from headless import BadRequest, BulkResult, Endpoint, JSONResponse, Request
from headless.endpoints.parameters import is_true, of_document, of_list, of_write, whole
from headless.endpoints.revisions import etag, if_match

SHOWN = ("depth", "select", "populate")
DELETED = ("depth", "select")
SOME_FAILED = {400: {"anyOf": [{"$ref": "bulk"}, {"$ref": "errors"}]}}
TOO_LATE = {412: "The document is not the one that `If-Match` names any more."}
EVERY_PERMISSION = {
    "type": "object",
    "properties": {
        "canAccessAdmin": {"type": "boolean"},
        "collections": {"type": "object", "additionalProperties": {"$ref": "permissions"}},
        "globals": {"type": "object", "additionalProperties": {"$ref": "permissions"}},
    },
    "required": ["canAccessAdmin", "collections", "globals"],
}
REPEATED = {
    409: "The first request with this key is not answered yet.",
    422: "The key was used for another request.",
}
FIELD = {
    "name": "field",
    "schema": {"$ref": "values"},
    "required": True,
    "description": "The path of the field whose values are asked for.",
}
ATOMIC = {
    "name": "atomic",
    "schema": {"type": "boolean", "default": False},
    "description": "Whether all are changed or, when one is refused, none.",
}
VALUES = {
    "type": "object",
    "properties": {
        "values": {"type": "array", "items": {"type": "object"}},
        **{key: {"type": "integer"} for key in ("totalDocs", "limit", "page", "totalPages", "pagingCounter")},
        **{key: {"type": "boolean"} for key in ("hasNextPage", "hasPrevPage")},
        **{key: {"type": ["integer", "null"]} for key in ("nextPage", "prevPage")},
    },
    "required": ["values", "totalDocs"],
}
READ = (*SHOWN, "joins")
LIST = ("where", "sort", "limit", "page", "pagination", *READ)


@Endpoint.get("/", operation="read", parameters=LIST, response_schema={"$ref": "page"})
async def find(request: Request) -> JSONResponse:
    """A page of documents."""
    page = await request.api.find(_slug(request), **of_list(request))
    return JSONResponse(page.json())


@Endpoint.get(
    "/count",
    operation="read",
    parameters=["where"],
    response_schema={
        "type": "object", "properties": {"totalDocs": {"type": "integer"}}, "required": ["totalDocs"]
    },
)  # fmt: skip
async def count(request: Request) -> JSONResponse:
    """How many documents match."""
    return JSONResponse({"totalDocs": await request.api.count(_slug(request), request.query.get("where"))})


@Endpoint.get(
    "/distinct",
    operation="read",
    parameters=[FIELD, "where", "sort", "values_limit", "page"],
    response_schema=VALUES,
)
async def distinct(request: Request) -> JSONResponse:
    """A page of the different values of a field."""
    query = request.query
    field = query.get("field")
    if not isinstance(field, str) or not field:
        raise BadRequest("'field' names the field whose values are asked for.")
    page = await request.api.find_distinct(
        _slug(request),
        field,
        where=query.get("where"),
        sort=query.get("sort"),
        limit=whole(query, "limit") or 0,
        page=whole(query, "page") or 1,
    )
    shown = page.json()
    return JSONResponse({"values": shown.pop("docs"), **shown})


@Endpoint.get("/{id}", operation="read", parameters=[*READ, "revision"], response_schema={"$ref": "document"})
async def get(request: Request) -> JSONResponse:
    """One document."""
    slug, id, headers = _slug(request), request.path_params["id"], None
    if request.scope["query_string"].find(b"revision=") >= 0:
        headers = await etag(request, partial(request.api.revision, slug, id))
    doc = await request.api.get(slug, id, **of_document(request))
    return JSONResponse(doc, headers=headers)


@Endpoint.post(
    "/",
    operation="create",
    parameters=[*SHOWN, "idempotency_key"],
    request_schema={"$ref": "create"},
    response_schema={"$ref": "written"},
    responses=REPEATED,
    status=201,
)
async def create(request: Request) -> Any:
    """A new document."""
    return await request.once(lambda: _created(request))


async def _created(request: Request) -> JSONResponse:
    options = of_write(request)
    doc = await request.api.create(_slug(request), await request.data(), **options)
    return JSONResponse({"doc": doc, "message": f"{_labels(request)[0]} successfully created."}, status=201)


@Endpoint.post(
    "/{id}/duplicate",
    operation="create",
    parameters=[*SHOWN, "idempotency_key"],
    request_schema={"$ref": "update"},
    response_schema={"$ref": "written"},
    responses=REPEATED,
)
async def duplicate(request: Request) -> Any:
    """A copy of one document, with the values that are sent in place of its own."""
    return await request.once(lambda: _duplicated(request))


async def _duplicated(request: Request) -> JSONResponse:
    options = of_write(request)
    doc = await request.api.duplicate(_slug(request), request.path_params["id"], await request.data(), **options)
    return JSONResponse({"doc": doc, "message": f"{_labels(request)[0]} successfully duplicated."})


@Endpoint.patch(
    "/{id}",
    operation="update",
    parameters=[*SHOWN, "if_match"],
    request_schema={"$ref": "update"},
    response_schema={"$ref": "written"},
    responses=TOO_LATE,
)
async def update(request: Request) -> JSONResponse:
    """Changes one document."""
    id = request.path_params["id"]
    if request.app.collections[_slug(request)].read_id(id) is None:
        raise BadRequest("Missing ID of document to update.")
    options = of_write(request)
    with if_match(request) as expected:
        doc = await request.api.update(_slug(request), id, await request.data(), **options, **expected)
    message = "Draft saved successfully." if request.query.get("draft") == "true" else "Updated successfully."
    return JSONResponse({"doc": doc, "message": message})


@Endpoint.patch(
    "/",
    operation="update",
    parameters=["required_where", "sort", "limit", ATOMIC, *SHOWN],
    request_schema={"$ref": "update"},
    response_schema={"$ref": "bulk"},
    responses=SOME_FAILED,
)
async def update_many(request: Request) -> JSONResponse:
    """Changes every document that matches."""
    query = request.query
    if not query.get("where"):
        raise BadRequest("Missing 'where' query of documents to update.")
    options = of_write(request)
    result = await request.api.update(
        _slug(request),
        where=query["where"],
        data=await request.data(),
        limit=whole(query, "limit"),
        sort=query.get("sort"),
        atomic=is_true(query, "atomic"),
        **options,
    )
    return _bulk(request, result, "Updated", "update")


@Endpoint.delete(
    "/{id}",
    operation="delete",
    parameters=[*DELETED, "if_match"],
    response_schema={"$ref": "written"},
    responses=TOO_LATE,
)
async def delete(request: Request) -> JSONResponse:
    """Deletes one document."""
    options = of_write(request)
    options.pop("populate", None)
    with if_match(request) as expected:
        doc = await request.api.delete(_slug(request), request.path_params["id"], **options, **expected)
    return JSONResponse({"doc": doc, "message": "Deleted successfully."})


@Endpoint.delete(
    "/",
    operation="delete",
    parameters=["required_where", "sort", "limit", ATOMIC, *DELETED],
    response_schema={"$ref": "bulk"},
    responses=SOME_FAILED,
)
async def delete_many(request: Request) -> JSONResponse:
    """Deletes every document that matches."""
    query = request.query
    if not query.get("where"):
        raise BadRequest("Missing 'where' query of documents to delete.")
    options = of_write(request)
    options.pop("populate", None)
    result = await request.api.delete(
        _slug(request),
        where=query["where"],
        limit=whole(query, "limit"),
        sort=query.get("sort"),
        atomic=is_true(query, "atomic"),
        **options,
    )
    return _bulk(request, result, "Deleted", "delete")


@Endpoint.post("/access", request_schema={"type": "object"}, response_schema={"$ref": "permissions"})
async def permissions(request: Request) -> JSONResponse:
    """What the asker may do with the collection."""
    return JSONResponse(await request.api.permissions(_slug(request), data=await request.data()))


@Endpoint.post("/access/{id}", request_schema={"type": "object"}, response_schema={"$ref": "permissions"})
async def document_permissions(request: Request) -> JSONResponse:
    """What the asker may do with a document."""
    id = request.path_params["id"]
    return JSONResponse(await request.api.permissions(_slug(request), id, await request.data()))


@Endpoint.get("/access", response_schema=EVERY_PERMISSION)
async def all_permissions(request: Request) -> JSONResponse:
    """What the asker may do with every collection and global."""
    return JSONResponse(await request.api.permissions())


def _slug(request: Request) -> str:
    slug = request.collection
    assert slug is not None
    return slug


def _labels(request: Request) -> tuple[str, str]:
    return request.app.collections[_slug(request)].labels


def _bulk(request: Request, result: BulkResult, done: str, verb: str) -> JSONResponse:
    singular, plural = _labels(request)
    body: dict[str, Any] = {"docs": result.docs, "errors": result.errors}
    if result.errors:
        total = len(result.docs) + len(result.errors) + result.taken_back
        body["message"] = f"Unable to {verb} {len(result.errors)} out of {total} {singular if total == 1 else plural}."
        if result.taken_back:
            body["message"] += " Nothing was changed."
        return JSONResponse(body, status=400)
    label = singular if len(result.docs) == 1 else plural
    body["message"] = f"{done} {len(result.docs)} {label} successfully."
    return JSONResponse(body)


ENDPOINTS = (
    find, count, distinct, permissions, document_permissions, get, create, duplicate, update, update_many, delete,
    delete_many,
)  # fmt: skip
"""The routes under `/api/{slug}`."""

ROOT = (all_permissions,)
"""The routes under `/api` itself."""
