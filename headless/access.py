"""Who may do what: rules, the context they are asked in, and what they answer.

A rule is a built-in (`anyone`, `authenticated`, `staff`, `nobody`), a where mapping that may say `$user.…`, a function
of one context, or a list of rules, of which any one is enough.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from headless.declaration import freeze
from headless.errors import ConfigError
from headless.names import did_you_mean, snake

if TYPE_CHECKING:
    from headless.request import Request

logger = logging.getLogger("headless.access")

Decision = bool | Mapping[str, Any]
Rule = Any


@dataclass(slots=True)
class AccessContext:
    """What a rule is asked with.

    `user` is the logged-in user's document or None; `id`, `data` and `doc` are there when the operation has them;
    `operation` is `create`, `read`, `update` or `delete`, `collection` the slug of the collection or of the global.
    """

    user: Mapping[str, Any] | None
    operation: str
    collection: str
    id: int | str | None = None
    data: Mapping[str, Any] | None = None
    doc: Mapping[str, Any] | None = None
    sibling_data: Mapping[str, Any] | None = None
    request: Request | None = None
    locale: str | None = None
    staff_collection: str = "users"


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A rule that the platform ships. `constant` is its answer where it does not depend on the asker."""

    name: str
    test: Callable[[AccessContext], bool]
    constant: bool | None = None

    def __call__(self, context: AccessContext) -> bool:
        return self.test(context)

    def __repr__(self) -> str:
        return self.name


anyone = BuiltIn("anyone", lambda context: True, constant=True)
public = anyone
nobody = BuiltIn("nobody", lambda context: False, constant=False)
authenticated = BuiltIn("authenticated", lambda context: context.user is not None)
staff = BuiltIn(
    "staff",
    lambda context: context.user is not None and context.user.get("collection") == context.staff_collection,
)

BUILT_IN: Mapping[str, BuiltIn] = MappingProxyType(
    {"anyone": anyone, "public": public, "authenticated": authenticated, "staff": staff, "nobody": nobody}
)


def as_rule(value: Any) -> Rule:
    """Reads a declared rule. Raises ConfigError for what cannot be one."""
    if isinstance(value, str):
        if value not in BUILT_IN:
            raise ConfigError(
                f"{value!r} is not a rule{did_you_mean(value, BUILT_IN)} (built-in: {', '.join(BUILT_IN)})"
            )
        return BUILT_IN[value]
    if isinstance(value, list | tuple):
        if not value:
            raise ConfigError("an empty list of rules lets nobody in: write nobody")
        return tuple(as_rule(item) for item in value)
    if isinstance(value, Mapping):
        if not value:
            raise ConfigError("an empty where matches every document: write anyone")
        return freeze(value)
    if callable(value):
        return value
    raise ConfigError(f"{value!r} is not a rule: give a built-in rule, a where mapping, a function, or a list of them")


@dataclass(frozen=True)
class Rules:
    """Reads a mapping of operations to rules."""

    operations: tuple[str, ...]

    def __call__(self, value: Any) -> Mapping[str, Rule]:
        if not isinstance(value, Mapping) or not any(snake(str(key)) in self.operations for key in value):
            if isinstance(value, Mapping) and value:
                key = next(iter(value))
                if not isinstance(value[key], Mapping):
                    raise ConfigError(f"unknown operation {key!r}{did_you_mean(str(key), self.operations)}")
            if isinstance(value, Mapping) and not value:
                return MappingProxyType({})
            rule = as_rule(value)
            return MappingProxyType(dict.fromkeys(self.operations, rule))
        rules: dict[str, Rule] = {}
        for key, rule in value.items():
            name = snake(str(key))
            if name not in self.operations:
                raise ConfigError(f"unknown operation {key!r}{did_you_mean(name, self.operations)}")
            if rule is not None:
                rules[name] = as_rule(rule)
        return MappingProxyType(rules)


def as_rules(operations: tuple[str, ...]) -> Rules:
    """Reads a mapping of operations to rules; a single rule stands for every operation."""
    return Rules(operations)


def constant(rule: Rule) -> bool | None:
    """The rule's answer where it is the same for everyone, else None."""
    if isinstance(rule, BuiltIn):
        return rule.constant
    if isinstance(rule, tuple):
        answers = [constant(item) for item in rule]
        if True in answers:
            return True
        return False if all(answer is False for answer in answers) else None
    return None


def describe_rule(rule: Rule) -> str:
    """A short name of the rule for `headless routes` and error messages."""
    if isinstance(rule, BuiltIn):
        return rule.name
    if isinstance(rule, tuple):
        return " or ".join(describe_rule(item) for item in rule)
    if isinstance(rule, Mapping):
        return "where " + ", ".join(rule)
    return f"{getattr(rule, '__name__', repr(rule))}()"


async def decide(rule: Rule, context: AccessContext) -> Decision:
    """The rule's answer: True, False, or a where mapping that documents must match. Anything else denies, loudly."""
    if isinstance(rule, BuiltIn):
        return rule.test(context)
    if isinstance(rule, tuple):
        return await _any(rule, context)
    if isinstance(rule, Mapping):
        return for_user(rule, context.user)
    answer = rule(context)
    if inspect.isawaitable(answer):
        answer = await answer
    if isinstance(answer, bool):
        return answer
    if isinstance(answer, Mapping) and answer:
        return for_user(answer, context.user)
    logger.error(
        "the rule %s for %s of %r answered %r, which is neither a bool nor a where: denied",
        describe_rule(rule), context.operation, context.collection, answer,
    )  # fmt: skip
    return False


async def decide_ahead(rule: Rule, context: AccessContext) -> Decision:
    """The rule's answer about what is not under way yet. One that fails, as for want of a document, is a no."""
    try:
        return await decide(rule, context)
    except Exception:
        logger.warning(
            "the rule %s for %s of %r could not be asked in advance: counted as a no",
            describe_rule(rule), context.operation, context.collection, exc_info=True,
        )  # fmt: skip
        return False


async def _any(rules: tuple[Rule, ...], context: AccessContext) -> Decision:
    wheres: list[Mapping[str, Any]] = []
    for rule in rules:
        answer = await decide(rule, context)
        if answer is True:
            return True
        if answer is not False:
            wheres.append(answer)
    if not wheres:
        return False
    return wheres[0] if len(wheres) == 1 else {"or": wheres}


class _Missing(Exception):
    pass


class NumberOfUser(int):
    """The id of a user that a rule compares with, which remembers whose it is: ids are counted per collection."""

    collection: str | None = None


class TextOfUser(str):
    """The same where ids are text."""

    __slots__ = ("collection",)
    collection: str | None


def for_user(where: Mapping[str, Any], user: Mapping[str, Any] | None) -> Decision:
    """The where mapping with every `$user.…` replaced by the user's value; False when the user lacks one."""
    try:
        replaced = _replace(where, user)
    except _Missing:
        return False
    assert isinstance(replaced, dict)
    return replaced


def _replace(value: Any, user: Mapping[str, Any] | None) -> Any:
    if isinstance(value, str) and value.startswith("$user."):
        return _user_value(value[6:], user)
    if isinstance(value, Mapping):
        return {key: _replace(item, user) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_replace(item, user) for item in value]
    return value


def _user_id(user: Mapping[str, Any]) -> Any:
    id = user["id"]
    marked: Any = NumberOfUser(id) if isinstance(id, int) else TextOfUser(id)
    marked.collection = user.get("collection")
    return marked


def _user_value(path: str, user: Mapping[str, Any] | None) -> Any:
    if path == "id" and user is not None and user.get("id") is not None:
        return _user_id(user)
    value: Any = user
    for part in path.split("."):
        if not isinstance(value, Mapping) or value.get(part) is None:
            raise _Missing
        value = value[part]
    return value
