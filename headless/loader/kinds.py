"""What a function is for: told by its annotations, by what made it, or by how many arguments it takes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from headless.access import BuiltIn
from headless.endpoint import Endpoint
from headless.extension import Plugin

ARGUMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "rule": ("ctx",),
    "hook": ("ctx",),
    "validator": ("value", "ctx"),
    "condition": ("data", "sibling_data", "ctx"),
    "filter": ("ctx",),
    "handler": ("request",),
    "mail": ("ctx",),
}
"""The arguments that a function of each kind is called with."""

_MADE: Final[tuple[tuple[type, str], ...]] = ((BuiltIn, "rule"), (Endpoint, "endpoint"), (Plugin, "plugin"))
_FIRST: Final = {"AccessContext": "rule", "HookContext": "hook", "Request": "handler", "MailContext": "mail"}
_FIELD_CONTEXT_AT: Final = {0: "filter", 1: "validator", 2: "condition"}
_WORD: Final = re.compile(r"\w+")


def with_article(kind: str) -> str:
    """`a rule`, `an endpoint`."""
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def kind_of(value: Any) -> str | None:
    """The kind that a value says it is: `rule`, `hook`, `validator` …; None when it does not say."""
    for made, kind in _MADE:
        if isinstance(value, made):
            return kind
    for place, parameter in enumerate(parameters(value)):
        names = annotated(parameter)
        if place == 0:
            for name, kind in _FIRST.items():
                if name in names:
                    return kind
        if "FieldContext" in names and place in _FIELD_CONTEXT_AT:
            return _FIELD_CONTEXT_AT[place]
    return None


def parameters(value: Any) -> list[inspect.Parameter]:
    """The parameters of a function, annotations as they are written where they cannot be looked up."""
    if not callable(value) or isinstance(value, type):
        return []
    try:
        return list(inspect.signature(value, eval_str=True).parameters.values())
    except Exception:  # whatever evaluating somebody's annotations raises
        try:
            return list(inspect.signature(value).parameters.values())
        except (TypeError, ValueError):
            return []


def annotated(parameter: inspect.Parameter) -> set[str]:
    """The names of the types in a parameter's annotation, those they inherit from included."""
    annotation = parameter.annotation
    if annotation is inspect.Parameter.empty:
        return set()
    if isinstance(annotation, type):
        return {cls.__name__ for cls in annotation.__mro__}
    return set(_WORD.findall(str(annotation)))


def refused_arguments(value: Callable[..., Any], kind: str) -> str | None:
    """What is wrong with a function that cannot be called with the arguments of its kind, or None."""
    given = ARGUMENTS.get(kind)
    if given is None:
        return None
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return None
    try:
        signature.bind(*given)
    except TypeError:
        return f"{with_article(kind)} is called with ({', '.join(given)})"
    return None


def defined_at(value: Any) -> tuple[str, int] | None:
    """The file and line of a function, or None."""
    code = getattr(inspect.unwrap(value) if callable(value) else value, "__code__", None)
    if code is None or code.co_filename.startswith("<"):
        return None
    return code.co_filename, code.co_firstlineno
