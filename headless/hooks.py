"""Hooks: functions that run at named moments of an operation, and the one context they are given."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from headless.errors import ConfigError
from headless.names import did_you_mean, snake

if TYPE_CHECKING:
    from headless.api import Api
    from headless.request import Request

Hook = Callable[["HookContext"], Any]

COLLECTION_HOOKS = (
    "before_operation", "before_validate", "before_change", "after_change", "before_read", "after_read",
    "before_delete", "after_delete", "after_operation", "after_error", "after_commit",
    "before_login", "after_login", "after_login_failure", "after_lockout", "after_unlock", "after_logout",
    "after_key_use", "after_forgot_password", "after_reset_password", "after_verify", "after_invite",
    "me", "after_me", "refresh", "after_refresh",
)  # fmt: skip
GLOBAL_HOOKS = (
    "before_operation", "before_validate", "before_change", "after_change", "before_read", "after_read",
    "after_commit",
)  # fmt: skip
WRITE_HOOKS = frozenset(
    {
        "before_operation",
        "before_validate",
        "before_change",
        "after_change",
        "before_delete",
        "after_delete",
        "after_operation",
    }
)
FIELD_HOOKS = ("before_validate", "before_change", "after_change", "after_read", "before_duplicate")


@dataclass(slots=True)
class HookContext:
    """What a hook is given. Change `data` or `value` in place, or return a replacement.

    `data` is what is being written, `doc` the document as it is, `previous` as it was; `operation` is the wire's
    name of the operation, `collection` the slug of the collection or of the global. Field hooks have `value`,
    `sibling_data`, `field` and `path` too. `api` acts with the asker's rights, `system` without asking for any, and
    `override_access` says whether the operation itself asks. `state` is shared by every hook of one request.
    """

    operation: str
    collection: str
    user: Mapping[str, Any] | None
    data: Any = None
    doc: Any = None
    previous: Any = None
    id: int | str | None = None
    request: Request | None = None
    locale: str | None = None
    state: dict[str, Any] = dataclasses.field(default_factory=dict)
    args: dict[str, Any] = dataclasses.field(default_factory=dict)
    result: Any = None
    error: Exception | None = None
    api: Api = None  # type: ignore[assignment]
    system: Api = None  # type: ignore[assignment]
    override_access: bool = False
    value: Any = None
    previous_value: Any = None
    sibling_data: Any = None
    previous_sibling_data: Any = None
    field: Any = None
    path: tuple[str | int, ...] = ()


@dataclass(frozen=True)
class Hooks:
    """Reads a mapping of kinds to hooks."""

    kinds: tuple[str, ...]

    def __call__(self, value: Any) -> Mapping[str, tuple[Hook, ...]]:
        if not isinstance(value, Mapping):
            raise ConfigError(f"hooks are a mapping of kinds to functions, not {type(value).__name__}")
        hooks: dict[str, tuple[Hook, ...]] = {}
        for key, functions in value.items():
            kind = snake(str(key))
            if kind not in self.kinds:
                raise ConfigError(f"unknown kind of hook {key!r}{did_you_mean(kind, self.kinds)}")
            listed = functions if isinstance(functions, list | tuple) else (functions,)
            for function in listed:
                if not callable(function):
                    raise ConfigError(f"{kind}: {function!r} is not a function")
            if listed:
                hooks[kind] = tuple(listed)
        return MappingProxyType(hooks)


def as_hooks(kinds: tuple[str, ...]) -> Hooks:
    """Reads a mapping of kinds to one hook or a list of hooks."""
    return Hooks(kinds)


async def first_answer(hooks: Sequence[Hook], context: HookContext) -> Any:
    """What the first hook answers that answers anything; None when none does."""
    for hook in hooks:
        answer = hook(context)
        if inspect.isawaitable(answer):
            answer = await answer
        if answer is not None:
            return answer
    return None


async def run_hooks(hooks: Sequence[Hook], context: HookContext, attribute: str | None) -> None:
    """Runs hooks in order. What one returns, unless None, replaces the context's `attribute`."""
    for hook in hooks:
        answer = hook(context)
        if inspect.isawaitable(answer):
            answer = await answer
        if answer is not None and attribute is not None:
            setattr(context, attribute, answer)
