"""Replaces what differs from run to run in an answer: times, tokens, random values, the server's address."""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
import time
from typing import Any

ISO = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$")
JSISO = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
JWT = re.compile(r"^eyJ[\w-]+\.[\w-]+\.[\w-]+$")
LONGHEX = re.compile(r"^[0-9a-f]{40,}$", re.I)
SIZE_KEYS = {"url", "width", "height", "mimeType", "filesize", "filename"}
NEAR_TIMES = dt.timedelta(days=3)
NEAR_EPOCHS = 30 * 86400


def normalize(value: Any, base: str) -> Any:
    """A JSON value as it stands in a recording, but for ids, which are bound when it is compared."""
    if isinstance(value, dict):
        if set(value) == SIZE_KEYS and isinstance(value["filesize"], int):
            value = {**value, "filesize": "<filesize>"}  # it depends on the encoder
        return {key: normalize(item, base) for key, item in value.items()}
    if isinstance(value, list):
        return [normalize(item, base) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value)
    return _text(value, base) if isinstance(value, str) else value


def _number(value: int | float) -> Any:
    if isinstance(value, int):
        now = time.time()
        if abs(value - now) < NEAR_EPOCHS:
            return "<epoch>"
        if abs(value / 1000 - now) < NEAR_EPOCHS:
            return "<epochms>"
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _text(value: str, base: str) -> Any:
    if ISO.match(value) and _is_near_now(value):
        return "<ts>" if JSISO.match(value) else "<ts in another format>"
    if JWT.match(value):
        payload = decode_jwt(value)
        if payload is not None:
            return {"$jwt": normalize(payload, base)}
    if LONGHEX.match(value):
        return "<hex>"
    return value.replace(base, "<base>").replace(base.replace("127.0.0.1", "localhost"), "<base>")


def _is_near_now(value: str) -> bool:
    try:
        moment = dt.datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        return False
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return abs(moment - dt.datetime.now(dt.UTC)) < NEAR_TIMES


def decode_jwt(token: str) -> Any:
    """The payload of a token, unchecked; None when it is not one."""
    try:
        payload = token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return None


def normalize_cookie(header: str) -> str:
    """A Set-Cookie header with its token and its time of expiry replaced."""
    return "; ".join(_cookie_part(part.strip()) for part in header.split(";"))


def _cookie_part(part: str) -> str:
    name, equals, value = part.partition("=")
    if JWT.match(value):
        value = "<jwt>"
    if name.lower() == "expires":
        try:
            moment = dt.datetime.strptime(value, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=dt.UTC)
            value = "<past>" if moment < dt.datetime.now(dt.UTC) else "<future>"
        except ValueError:
            pass
    return f"{name}{equals}{value}"


def blank(value: Any, path: list[str]) -> Any:
    """The value with what lies at a path replaced by `<any>`; `*` stands for every item of a list."""
    if not path:
        return "<any>"
    if isinstance(value, list):
        return [blank(item, path[1:] if path[0] == "*" else path) for item in value]
    if isinstance(value, dict) and path[0] in value:
        return {key: blank(item, path[1:]) if key == path[0] else item for key, item in value.items()}
    return value
