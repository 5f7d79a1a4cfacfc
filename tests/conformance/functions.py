"""The functions that the recorded configuration names: rules, hooks, a validator, a condition, endpoints."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from headless import AccessContext, ApiError, HookContext, JSONResponse, NotFound, Request
from headless.fields import FieldContext

Document = Mapping[str, Any]
AUTH_FIELDS = (
    "resetPasswordToken",
    "resetPasswordExpiration",
    "_verificationToken",
    "_verified",
    "loginAttempts",
    "lockUntil",
)


def admin_only(ctx: AccessContext) -> bool:
    """Users whose roles include `admin`."""
    return ctx.user is not None and "admin" in (ctx.user.get("roles") or ())


def self_or_admin(ctx: AccessContext) -> bool | dict[str, Any]:
    """Admins everything, users themselves, nobody else."""
    if ctx.user is None or admin_only(ctx):
        return ctx.user is not None
    return {"id": {"equals": ctx.user["id"]}}


def published_or_authenticated(ctx: AccessContext) -> bool | dict[str, Any]:
    """Users everything, anyone else what is published."""
    return ctx.user is not None or {"_status": {"equals": "published"}}


def owner(ctx: AccessContext) -> bool | dict[str, Any]:
    """Users what is theirs."""
    return ctx.user is not None and {"owner": {"equals": ctx.user["id"]}}


def slugify_title(ctx: HookContext) -> None:
    """Makes a slug of the title where none is given."""
    title = ctx.data.get("title")
    if isinstance(title, str) and not ctx.data.get("slug"):
        ctx.data["slug"] = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def forbid_title(ctx: HookContext) -> None:
    """Refuses one title in public, and fails at another."""
    title = ctx.data.get("title")
    if title == "forbidden":
        raise ApiError("This title is forbidden", status=422, data={"title": "forbidden"})
    if title == "crash":
        raise RuntimeError("crashed, as the title asks")


async def audit_change(ctx: HookContext) -> None:
    """Writes what happened to the audit log, in the transaction that it happened in."""
    await ctx.api.create("audit-log", {"operation": ctx.operation, "docTitle": ctx.doc.get("title")})


async def audit_delete(ctx: HookContext) -> None:
    """Writes a deletion to the audit log."""
    await ctx.api.create("audit-log", {"operation": "delete", "docTitle": ctx.doc.get("title")})


def add_read_mark(ctx: HookContext) -> None:
    """Marks every document that is read."""
    ctx.doc["readMark"] = "read:" + (ctx.doc.get("title") or "")


def uppercase(ctx: HookContext) -> Any:
    """Text in capitals."""
    return ctx.value.upper() if isinstance(ctx.value, str) else ctx.value


def trim(ctx: HookContext) -> Any:
    """Text without spaces around it."""
    return ctx.value.strip() if isinstance(ctx.value, str) else ctx.value


def set_owner(ctx: HookContext) -> Any:
    """A new document belongs to whoever creates it, unless it says otherwise."""
    if ctx.operation == "create" and not ctx.value and ctx.user is not None:
        return ctx.user["id"]
    return ctx.value


def headline(ctx: HookContext) -> str:
    """A value made of its siblings, which the request may not have selected."""
    siblings = ctx.sibling_data
    return f"{siblings.get('title') or '?'} ({siblings.get('status') or '?'})"


def no_foo(value: Any, ctx: FieldContext) -> bool | str:
    """Anything but `foo`."""
    return "foo is not allowed here" if value == "foo" else True


def if_featured(data: Document, sibling_data: Document, ctx: FieldContext) -> bool:
    """Only where the document is featured."""
    return bool(data.get("featured"))


def hello(request: Request) -> dict[str, str]:
    """The smallest endpoint."""
    return {"message": "hello"}


async def echo(request: Request) -> JSONResponse:
    """What was asked."""
    said = {"data": await request.data(), "query": dict(request.query_params)}
    return JSONResponse({**said, "locale": request.locale, "method": request.method}, status=201)


def whoami(request: Request) -> dict[str, Any]:
    """Who is logged in, and how."""
    user = request.user
    if user is None:
        return {"user": None}
    return {"user": {"email": user["email"], "collection": user["collection"], "strategy": user.get("_strategy")}}


def teapot(request: Request) -> None:
    """A public error with data."""
    raise ApiError("I am a teapot", status=418, data={"pot": True})


def boom(request: Request) -> None:
    """A private error, of which the client learns nothing."""
    raise RuntimeError("boom")


async def post_by_slug(request: Request) -> Document:
    """One post by its slug, if the asker may read it."""
    page = await request.api.find("posts", where={"slug": {"equals": request.path_params["slug"]}}, limit=1)
    if not page.docs:
        raise NotFound
    found: Document = page.docs[0]
    return found


async def header_flat(request: Request) -> dict[str, Any]:
    """The labels of the header's navigation."""
    header = await request.api.find_global("header", depth=0)
    return {"labels": [item["label"] for item in header["nav"]]}


async def peek_hidden(request: Request) -> dict[str, Any]:
    """The fields of a user that no response shows. For these tests only.

    A token that was mailed is stored as a hash, so what is shown is a fresh one that takes its place.
    """
    slug, id, system = request.path_params["collection"], request.path_params["id"], request.system
    document = await system.get(slug, id, depth=0)
    shown = {name: document.get(name) for name in AUTH_FIELDS}
    who = {"email": document["email"]}
    if shown["resetPasswordExpiration"]:
        shown["resetPasswordToken"] = await system.forgot_password(slug, who, send_email=False)
    if shown["_verified"] is False:
        shown["_verificationToken"] = await system.request_verification(slug, who, send_email=False)
    return {**shown, "sessions": len(document.get("sessions") or ())}
