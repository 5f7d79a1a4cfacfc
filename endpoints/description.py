"""The API's description."""

from __future__ import annotations

from headless import Endpoint, JSONResponse, Request

MINE = {
    "name": "mine",
    "schema": {"type": "boolean"},
    "description": "Only what the asker may use, also for those who may know everything.",
}


@Endpoint.get("/openapi.json", parameters=[MINE], response_schema={"type": "object"}, responses={403: "Not for you."})
async def openapi(request: Request) -> JSONResponse:
    """This description.

    Those who may not know everything are told of what they may use.
    """
    mine = request.query.get("mine") in ("true", "1")
    body = await request.app.describe(request, mine=mine)
    response = JSONResponse.of_bytes(body)
    response.headers["cache-control"] = "private, no-cache"
    response.headers["vary"] = "authorization, cookie"
    return response


ENDPOINTS = (openapi,)
"""The routes under `/api`."""
