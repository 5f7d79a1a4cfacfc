"""Reads a `.env` file: the settings of one machine, beside the project and never committed."""

from __future__ import annotations

import os
import re
from collections.abc import MutableMapping
from pathlib import Path

from headless.errors import ConfigError

_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<value>.*)", re.ASCII)
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(?:#.*)?')
_SINGLE = re.compile(r"'([^']*)'\s*(?:#.*)?")
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def read_environment(path: Path) -> dict[str, str]:
    """The variables of a file of `NAME=value` lines. Raises ConfigError naming every line that is not one.

    Blank lines and lines that begin with `#` are skipped, `export` in front is allowed. A bare value ends at
    ` #`; in single quotes everything is literal, in double quotes `\\n`, `\\t`, `\\"` and `\\\\` are read.
    A value is one line, and refers to no other variable.
    """
    values: dict[str, str] = {}
    problems: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        found = _LINE.fullmatch(text)
        value = _value(found["value"]) if found else None
        if found is None or value is None:
            problems.append(f"{path}:{number}: {_remedy(found)}")
        else:
            values[found["name"]] = value
    if problems:
        raise ConfigError(problems)
    return values


def load_environment(folder: Path, environ: MutableMapping[str, str] = os.environ) -> dict[str, str]:
    """Sets what the folder's `.env` says and the environment does not say already. Returns what was set."""
    path = folder / ".env"
    if not path.is_file():
        return {}
    added = {name: value for name, value in read_environment(path).items() if name not in environ}
    environ.update(added)
    return added


def _value(text: str) -> str | None:
    """The value as meant, or None when its quotes do not close."""
    if text.startswith('"'):
        found = _DOUBLE.fullmatch(text)
        return _ESCAPE.sub(lambda escape: _ESCAPES.get(escape[1], escape[1]), found[1]) if found else None
    if text.startswith("'"):
        found = _SINGLE.fullmatch(text)
        return found[1] if found else None
    return re.split(r"(?:^|\s)#", text, maxsplit=1)[0].rstrip()


def _remedy(found: re.Match[str] | None) -> str:
    return "expected NAME=value" if found is None else f"the quotes around {found['name']} do not close"
