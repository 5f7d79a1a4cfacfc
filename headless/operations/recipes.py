"""The recipes of the operations as data: which steps each takes, in which order. `headless explain` prints them.

They describe, they do not run: tests/operations/test_recipes.py traces each operation and holds its recipe to that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `kind` is what runs there, and `of` which: a kind of hook, the rule's operation, a statement."""

    name: str
    kind: str
    of: str


def _hooks(name: str, of: str) -> Step:
    return Step(name, "hooks", of)


def _field_hooks(name: str, of: str) -> Step:
    return Step(name, "field hooks", of)


def _rule(operation: str) -> Step:
    return Step(f"the {operation} rule", "rule", operation)


def _field_rules(name: str, of: str) -> Step:
    return Step(name, "field rules", of)


def _before() -> Step:
    return _hooks("before the operation", "before_operation")


def _after() -> Step:
    return _hooks("after the operation", "after_operation")


SHOW = (
    _field_hooks("fields after reading", "after_read"),
    _field_rules("take away what may not be read", "read"),
    _hooks("after reading", "after_read"),
)
READ = (_hooks("before reading", "before_read"), *SHOW)
WRITTEN = (
    _field_hooks("fields after the change", "after_change"),
    _hooks("after the change", "after_change"),
    _after(),
    _hooks("after the commit", "after_commit"),
)


def _fill(operation: str) -> tuple[Step, ...]:
    return (
        _field_hooks("fields before validation", "before_validate"),
        _field_rules("leave out what may not be written", operation),
        _hooks("before validation", "before_validate"),
        _hooks("before the change", "before_change"),
        _field_hooks("fields before the change", "before_change"),
        Step("validate", "check", "validate"),
    )


UPDATE = (
    _before(),
    _rule("update"),
    Step("locate the document under the rule", "read", "locate"),
    *_fill("update"),
    Step("store", "store", "update"),
    *SHOW,
    *WRITTEN,
)
DELETE = (
    _before(),
    _rule("delete"),
    Step("locate the document under the rule", "read", "locate"),
    _hooks("before the delete", "before_delete"),
    *SHOW,
    Step("store", "store", "delete"),
    _hooks("after the delete", "after_delete"),
    _after(),
    _hooks("after the commit", "after_commit"),
)
MATCHING = Step("select those that match; then each by itself", "read", "matching")
CREATE = (_rule("create"), *_fill("create"), Step("store", "store", "insert"), *SHOW, *WRITTEN)

SESSION = Step("open or prolong the session", "session", "open")

RECIPES: Mapping[str, tuple[Step, ...]] = MappingProxyType(
    {
        "find": (_before(), _rule("read"), Step("select a page", "read", "find"), *READ, _after()),
        "get": (_before(), _rule("read"), Step("select the document", "read", "get"), *READ, _after()),
        "count": (_before(), _rule("read"), Step("count", "read", "count"), _after()),
        "distinct": (_before(), _rule("read"), Step("select the values", "read", "distinct"), _after()),
        "create": (_before(), *CREATE),
        "update": UPDATE,
        "update_many": (_rule("update"), MATCHING, *UPDATE),
        "delete": DELETE,
        "delete_many": (_rule("delete"), MATCHING, *DELETE),
        "duplicate": (
            _before(),
            _rule("read"),
            Step("select the original", "read", "original"),
            _field_rules("leave out what may not be read", "read"),
            _field_hooks("fields before duplicating", "before_duplicate"),
            *CREATE,
        ),
        "watch": (_rule("read"), Step("wait for changes of what matches", "wait", "watch"), *READ),
        "login": (
            _before(),
            Step("find the user and compare the password", "password", "verify"),
            _hooks("before the log-in", "before_login"),
            SESSION,
            *SHOW,
            _hooks("after the log-in", "after_login"),
            _after(),
        ),
        "refresh": (
            _before(),
            _hooks("in place of what follows", "refresh"),
            SESSION,
            *SHOW,
            _hooks("after the session is prolonged", "after_refresh"),
            _after(),
        ),
        "me": (_hooks("in place of what follows", "me"), *SHOW, _hooks("after it", "after_me")),
        "logout": (
            Step("end the session", "session", "end"),
            _hooks("after the log-out", "after_logout"),
        ),
    }
)
"""Each operation's steps, in the order in which they run."""

OF_GLOBALS: Mapping[str, tuple[Step, ...]] = MappingProxyType(
    {
        "read": (_before(), _rule("read"), Step("select the document", "read", "global"), *READ),
        "update": (
            _before(),
            _rule("update"),
            Step("locate the document under the rule", "read", "locate"),
            *_fill("update"),
            Step("store", "store", "save"),
            *SHOW,
            *(step for step in WRITTEN if step.of != "after_operation"),
        ),
    }
)
"""The same of a global."""

OF_USERS = ("login", "refresh", "me", "logout")
"""The operations of collections that log in; all but the first are the user's own."""
