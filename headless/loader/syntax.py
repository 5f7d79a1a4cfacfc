"""What PyYAML says about a file that is not YAML, in words that name the remedy. Its two parsers say it differently."""

from __future__ import annotations

from typing import Any, Final

DEEPEST: Final = 100
TOO_DEEP: Final = f"nested more than {DEEPEST} levels deep"

_REMEDIES: Final = (
    (
        "mapping values are not allowed",
        "a colon cannot stand here: mind the indentation, or put the text in quotes",
    ),
    # A parser that has a limit of its own reads ahead of ours.
    ("maximum nesting depth", TOO_DEEP),
    ("cannot start any token", "{character!r} cannot begin a text: put the text in quotes"),
)
_ESCAPE: Final = "this escape is not known: write \\\\ for a backslash, or use single quotes"
_BEGUN: Final = (
    ("unexpected end of stream", "this quote is never closed"),
    ("could not find expected ':'", "a key needs a colon and a space after it"),
)


def explain(error: Any, text: str) -> tuple[int, int, str]:
    """The line, the column and the message for an error of PyYAML's."""
    mark, begun = error.problem_mark or error.context_mark, error.context_mark
    problem = str(error.problem or error.context)
    character = character_at(text, mark)
    if character == "\t" or "tab character" in problem:
        return mark.line + 1, mark.column + 1, "a tab: YAML is indented with spaces"
    if "unknown escape character" in problem:
        # One parser marks the backslash, the other what follows it.
        return mark.line + 1, mark.column + (character == "\\"), _ESCAPE
    for words, message in _BEGUN:
        if words in problem and begun is not None:
            return begun.line + 1, begun.column + 1, message
    for words, message in _REMEDIES:
        if words in problem:
            return mark.line + 1, mark.column + 1, message.format(character=character)
    if begun is not None:
        problem = f"{problem}, {error.context} that begins in line {begun.line + 1}"
    return mark.line + 1, mark.column + 1, problem


def character_at(text: str, mark: Any) -> str:
    """The character at a place of the text; nothing at its end."""
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    return line[mark.column : mark.column + 1]
