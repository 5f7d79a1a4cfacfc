"""Compares an answer with a recorded one, in which `<id:N>` stands for one id, whichever it is."""

from __future__ import annotations

import json
import re
from typing import Any

LABEL = re.compile(r"<id:\d+>")
STRICT_HEADERS = (
    "content-type",
    "set-cookie",
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "location",
)
INVALID = "The following fields are invalid: "
LIMIT = 12


class Binder:
    """The actual ids that the labels of one case stand for."""

    def __init__(self) -> None:
        self.bound: dict[str, str] = {}

    def accepts(self, label: str, actual: Any) -> bool:
        """Whether the label may stand for the value; the first value binds it."""
        if isinstance(actual, bool | dict | list) or actual is None:
            return False
        return self.bound.setdefault(label, str(actual)) == str(actual)

    def learn(self, expected: Any, given: Any) -> None:
        """Binds the ids of an answer that need not be the recorded one, if it is."""
        trial, differences = Binder(), list[str]()
        trial.bound = dict(self.bound)
        diff(expected, given, trial, "", differences)
        if not differences:
            self.bound = trial.bound

    def refusal(self, label: str, actual: Any) -> str:
        return f"id {label} (bound to {self.bound.get(label)}) vs {actual}"


def compare_steps(recorded: list[dict[str, Any]], actual: list[dict[str, Any]]) -> list[str]:
    """The differences between the recorded and the actual answers of one case.

    A step whose recording is marked as a bug of the recorded server only has to be answered below 500.
    """
    out: list[str] = []
    binder = Binder()
    if len(recorded) != len(actual):
        out.append(f"{len(recorded)} answers are recorded, {len(actual)} were given")
    for number, (expected, given) in enumerate(zip(recorded, actual, strict=False), 1):
        _compare_step(expected, given, binder, f"#{number} {expected['req']}", out)
    return out


def _compare_step(expected: dict[str, Any], given: dict[str, Any], binder: Binder, place: str, out: list[str]) -> None:
    if "error" in given:
        out.append(f"{place}: {given['error']}")
        return
    if expected.get("peer_bug"):
        binder.learn(expected["body"], given["body"])
        if given["status"] >= 500:
            out.append(f"{place}: status {given['status']} where anything below 500 would do")
        return
    if expected["status"] != given["status"]:
        out.append(f"{place}: status {expected['status']} vs {given['status']}  body {short(given['body'], 160)}")
        return
    for header in STRICT_HEADERS:
        if expected["headers"].get(header) != given["headers"].get(header):
            values = f"{expected['headers'].get(header)!r} vs {given['headers'].get(header)!r}"
            out.append(f"{place}: header {header}: {values}")
    diff(expected["body"], given["body"], binder, f"{place} $", out)
    if "cookie_jwt" in expected:
        diff(expected["cookie_jwt"], given.get("cookie_jwt"), binder, f"{place} cookie", out)


def diff(expected: Any, given: Any, binder: Binder, path: str, out: list[str]) -> None:
    """Appends the differences between two values, a dozen at most, and binds the ids on the way."""
    if len(out) >= LIMIT or expected == "<any>":
        return
    if isinstance(expected, str) and _is_label_for(expected, given):
        _labels(expected, given, binder, path, out)
    elif isinstance(expected, dict) and isinstance(given, dict):
        _mappings(expected, given, binder, path, out)
    elif isinstance(expected, list) and isinstance(given, list):
        _lists(expected, given, binder, path, out)
    elif _is_number(expected) and _is_number(given):
        if abs(expected - given) > 1e-9:
            out.append(f"{path}: {expected} vs {given}")
    elif not _same_fields(expected, given) and (type(expected) is not type(given) or expected != given):
        out.append(f"{path}: {short(expected)} vs {short(given)}")


def _is_label_for(expected: str, given: Any) -> bool:
    return bool(LABEL.fullmatch(expected) or (isinstance(given, str) and LABEL.search(expected)))


def _labels(expected: str, given: Any, binder: Binder, path: str, out: list[str]) -> None:
    if LABEL.fullmatch(expected):
        if not binder.accepts(expected, given):
            out.append(f"{path}: {binder.refusal(expected, short(given))}")
        return
    parts = re.split(r"(<id:\d+>)", expected)
    pattern = "".join(r"(<id:\d+>|[\w-]+)" if LABEL.fullmatch(part) else re.escape(part) for part in parts)
    match = re.fullmatch(pattern, given, re.S)
    if not match:
        out.append(f"{path}: {short(expected)} vs {short(given)}")
        return
    for label, value in zip((part for part in parts if LABEL.fullmatch(part)), match.groups(), strict=True):
        if not binder.accepts(label, value):
            out.append(f"{path}: {binder.refusal(label, value)}")


def _mappings(expected: dict[str, Any], given: dict[str, Any], binder: Binder, path: str, out: list[str]) -> None:
    if expected.get("totalDocs") == 0 and given.get("totalDocs") == 0 and "pagingCounter" in expected:
        # The recorded server says 0 or 1 page of an empty result, depending on whether its SQL joined.
        free = {key: expected[key] for key in ("totalPages", "pagingCounter") if given.get(key) in (0, 1)}
        given = {**given, **free}
    names = set()
    for key, value in expected.items():
        name = binder.bound.get(key, key) if LABEL.fullmatch(key) else key
        names.add(name)
        if name not in given:
            out.append(f"{path}.{key}: missing (recorded {short(value, 80)})")
        else:
            diff(value, given[name], binder, f"{path}.{key}", out)
        if len(out) >= LIMIT:
            return
    out.extend(f"{path}.{key}: unexpected ({short(given[key], 80)})" for key in given if key not in names)


def _lists(expected: list[Any], given: list[Any], binder: Binder, path: str, out: list[str]) -> None:
    if expected and all(isinstance(item, dict) and {"path", "message"} <= set(item) for item in expected + given):
        # The order of validation errors depended on the timing of promises.
        expected = sorted(expected, key=lambda item: str(item["path"]))
        given = sorted(given, key=lambda item: str(item["path"]))
    if len(expected) != len(given):
        out.append(f"{path}: length {len(expected)} vs {len(given)}")
    for number, (one, other) in enumerate(zip(expected, given, strict=False)):
        diff(one, other, binder, f"{path}[{number}]", out)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same_fields(expected: Any, given: Any) -> bool:
    """Two summaries of the same invalid fields, whose order is free."""
    if not all(isinstance(value, str) and value.startswith(INVALID) for value in (expected, given)):
        return False
    one, other = (sorted(value.removeprefix(INVALID).split(", ")) for value in (expected, given))
    return one == other


def short(value: Any, length: int = 140) -> str:
    """A value as JSON text of a limited length."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= length else text[: length - 3] + "..."
