"""Reduces a recorded answer: documents without dropped keys, validation errors without dropped fields."""

from __future__ import annotations

from typing import Any

from tests.conformance.routes import Route, Step
from tests.conformance.shapes import Shapes


def reduce_answer(answer: Step, route: Route, shapes: Shapes) -> Step | None:
    """The answer of the reduced configuration; None when nothing but dropped fields was refused."""
    body = answer.get("body")
    if route.slug is None or not isinstance(body, dict):
        return answer
    if _is_validation_error(body):
        reduced = _validation_error(body, route.slug, shapes)
        return None if reduced is None else {**answer, "body": reduced}
    return {**answer, "body": _documents(body, route, route.slug, shapes)}


def _documents(body: dict[str, Any], route: Route, slug: str, shapes: Shapes) -> dict[str, Any]:
    if "errors" in body and "docs" not in body:
        return body
    if route.kind == "one" and route.method == "GET":
        return dict(shapes.document(body, slug))
    if route.action == "access" and isinstance(body.get("fields"), dict):
        return {**body, "fields": shapes.document(body["fields"], slug)}
    keys = [key for key in ("docs", "doc", "result", "user") if key in body]
    return {**body, **{key: shapes.document(body[key], slug) for key in keys}}


def _is_validation_error(body: dict[str, Any]) -> bool:
    errors = body.get("errors")
    return isinstance(errors, list) and bool(errors) and errors[0].get("name") == "ValidationError"


def _validation_error(body: dict[str, Any], slug: str, shapes: Shapes) -> dict[str, Any] | None:
    [error] = body["errors"]
    kept = [one for one in error["data"]["errors"] if not shapes.is_dropped(slug, one["path"].split("."))]
    if len(kept) == len(error["data"]["errors"]):
        return body
    if not kept:
        return None
    return {"errors": [{**error, "data": {**error["data"], "errors": kept}, "message": summary(kept)}]}


def summary(errors: list[dict[str, Any]]) -> str:
    """The message that sums up validation errors, by their labels or else paths."""
    names = ", ".join(error.get("label") or error["path"] for error in errors)
    return f"The following field{' is' if len(errors) == 1 else 's are'} invalid: {names}"
