"""Texts of the platform's own that are written into a statement. Everything else is bound."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*", re.ASCII)


class Word(sa.ColumnElement[str]):
    """A text of the platform's own that is written into a statement, such as the key of a Lexical node."""

    inherit_cache = False
    __visit_name__ = "headless_word"

    def __init__(self, text: str) -> None:
        self.type = sa.Text()
        self.text = text


@compiles(Word)
def _write_word(word: Word, compiler: SQLCompiler, **options: Any) -> str:
    if "'" in word.text or "\\" in word.text:
        raise ValueError(f"may not stand in a statement: {word.text!r}")
    return f"'{word.text}'"


def checked_path(path: Sequence[str]) -> Sequence[str]:
    """A path made of names from a declaration. Raises ValueError for anything else."""
    if not path or not all(_SEGMENT.fullmatch(segment) for segment in path):
        raise ValueError(f"not a path into a JSON column: {path!r}")
    return path
