"""The routes of collections whose documents can log in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headless import Endpoint, JSONResponse, Request

USER = {"anyOf": [{"$ref": "self"}, {"type": "null"}]}
WRONG = {401: "The e-mail address or the password is wrong, or the account is locked for a while."}
NOT_LOGGED_IN = {403: "Nobody of this collection is logged in."}


def _answer(required: Sequence[str], **properties: Any) -> dict[str, Any]:
    """The schema of an object."""
    return {"type": "object", "properties": properties, "required": [*required]}


@Endpoint.post("/login", request_schema={"$ref": "credentials"}, response_schema={"$ref": "opened"}, responses=WRONG)
async def login(request: Request) -> JSONResponse:
    """Opens a session: a token, and a cookie that holds it."""
    opened = await request.app.sessions.login(_slug(request), await request.data(), request)
    body = {"message": "Authentication Passed", "exp": opened.exp, "token": opened.token, "user": opened.user}
    return _opened(request, body, opened.cookie)


@Endpoint.post(
    "/logout",
    parameters=[{"name": "allSessions", "schema": {"type": "boolean"}, "description": "Every session of the user."}],
    response_schema={"$ref": "message"},
    responses={400: "Nobody is logged in.", **NOT_LOGGED_IN},
)
async def logout(request: Request) -> JSONResponse:
    """Ends the session, or with `allSessions=true` every one of the user's."""
    everywhere = request.query.get("allSessions") == "true"
    cookie = await request.app.sessions.logout(_slug(request), request.user, everywhere=everywhere, request=request)
    return JSONResponse({"message": "Logout successful."}, headers={"set-cookie": cookie})


@Endpoint.get(
    "/me",
    response_schema=_answer(
        ["user", "message"],
        user=USER,
        message={"type": "string"},
        collection={"type": "string"},
        strategy={"type": "string"},
        exp={"type": "integer"},
        token={"type": "string"},
    ),
)
async def me(request: Request) -> JSONResponse:
    """The logged-in user, or null."""
    user = request.user
    if user is None or user["collection"] != _slug(request):
        return JSONResponse({"user": None, "message": "Account"})
    answer = await request.app.sessions.me(user, request)
    body: dict[str, Any] = {"user": None, "collection": user["collection"], "strategy": user["_strategy"]}
    if request.token is not None:
        body |= {"exp": request.app.sessions.exp_of(request.token), "token": request.token}
    return JSONResponse(_told(request, {**body, **answer, "message": "Account"}))


@Endpoint.post(
    "/refresh-token",
    response_schema=_answer(
        ["user", "message", "exp"],
        user={"$ref": "self"},
        message={"type": "string"},
        exp={"type": "integer"},
        refreshedToken={"type": "string"},
        setCookie={"type": "boolean"},
        strategy={"type": "string"},
    ),
    responses=NOT_LOGGED_IN,
)
async def refresh(request: Request) -> JSONResponse:
    """Prolongs the session."""
    opened = await request.app.sessions.refresh(_slug(request), request.user, request)
    body = {
        "message": "Token refresh successful.", "exp": opened.exp, "refreshedToken": opened.token,
        "setCookie": bool(opened.cookie), "strategy": "local-jwt", "user": opened.user,
    }  # fmt: skip
    return _opened(request, body, opened.cookie)


@Endpoint.get("/init", response_schema=_answer(["initialized"], initialized={"type": "boolean"}))
async def init(request: Request) -> JSONResponse:
    """Whether there is a user yet."""
    return JSONResponse({"initialized": await request.app.sessions.initialized(_slug(request))})


@Endpoint.post(
    "/first-register",
    request_schema={"$ref": "create"},
    response_schema={"$ref": "opened"},
    responses={403: "There is a user already."},
)
async def first_register(request: Request) -> JSONResponse:
    """Makes the first user, and logs in. Refused for good once there is one."""
    opened = await request.app.sessions.register_first(_slug(request), await request.data(), request)
    body = {
        "exp": opened.exp,
        "message": "Successfully registered first user.",
        "token": opened.token,
        "user": opened.user,
    }
    return _opened(request, body, opened.cookie)


@Endpoint.post(
    "/unlock",
    request_schema={"$ref": "identity"},
    response_schema={"$ref": "message"},
    responses={400: "Nobody is named.", 403: "The asker may not unlock the user, or there is none."},
    operation="unlock",
)
async def unlock(request: Request) -> JSONResponse:
    """Lets a user log in again who is locked out after too many wrong passwords."""
    await request.api.unlock(_slug(request), await request.data())
    return JSONResponse({"message": "Success"})


@Endpoint.post(
    "/forgot-password",
    request_schema={"$ref": "identity"},
    response_schema={"$ref": "message"},
    responses={400: "Nobody is named."},
)
async def forgot_password(request: Request) -> JSONResponse:
    """Mails a token to set a new password by. The answer is the same whether there is such a user or not."""
    await request.api.forgot_password(_slug(request), await request.data())
    return JSONResponse({"message": "Success"})


@Endpoint.post(
    "/reset-password",
    request_schema=_answer(
        ["token", "password"], token={"type": "string"}, password={"type": "string", "format": "password"}
    ),
    response_schema={"$ref": "reset"},
    responses={403: "The token is unknown, was used, or is too old."},
)
async def reset_password(request: Request) -> JSONResponse:
    """Sets a new password by a token that was mailed, and logs in. It ends every other session of the user."""
    opened = await request.app.sessions.reset_password(_slug(request), await request.data(), request)
    body = {"message": "Password reset successfully.", "token": opened.token, "user": opened.user}
    return _opened(request, body, opened.cookie)


@Endpoint.post(
    "/verify/{token}",
    response_schema={"$ref": "message"},
    responses={403: "The token is unknown or was used."},
)
async def verify(request: Request) -> JSONResponse:
    """Verifies the address that the token was mailed to."""
    await request.api.verify_email(_slug(request), request.path_params["token"])
    return JSONResponse({"message": "Account verified successfully."})


@Endpoint.post(
    "/invite",
    request_schema={"$ref": "invitation"},
    response_schema={"$ref": "written"},
    responses={403: "The asker may not create users."},
    status=201,
    operation="create",
)
async def invite(request: Request) -> JSONResponse:
    """Makes a user who is mailed a token to set a password by."""
    made = await request.api.invite(_slug(request), await request.data())
    return JSONResponse({"doc": made, "message": "Invitation sent."}, status=201)


def _opened(request: Request, body: dict[str, Any], cookie: str) -> JSONResponse:
    """The answer that opens or prolongs a session. A page of another site is given no cookie: it logs nobody in."""
    headers = {"set-cookie": cookie} if cookie and request.app.server.cookie_counts(request) else None
    return JSONResponse(_told(request, body), headers=headers)


def _told(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """What is answered: without the token where the collection keeps it to the cookie."""
    if not request.app.collections[_slug(request)].declaration.auth.remove_token_from_responses:
        return body
    return {key: value for key, value in body.items() if key not in ("token", "refreshedToken")}


def _slug(request: Request) -> str:
    assert request.collection is not None
    return request.collection


WITHOUT_PASSWORDS = (logout, me, init)
"""The further routes where something else than a password lets users in."""
ENDPOINTS = (
    login, logout, me, refresh, init, first_register, unlock, forgot_password, reset_password, verify, invite
)  # fmt: skip
"""The further routes under `/api/{slug}` of a collection with `auth`."""
