"""Query strings with brackets, as Payload's clients write them: `where[title][in][]=a&sort=-title`.

The grammar is that of the JavaScript package `qs` with one difference: what `qs` would silently drop or
reshape (an unclosed bracket, a parameter given both as a value and as an object) is refused, because a
dropped filter returns, or deletes, too much.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from headless.errors import BadRequest

MAX_BYTES: Final = 64 * 1024
MAX_PARAMETERS: Final = 1_000
MAX_DEPTH: Final = 12
MAX_INDEX: Final = 1_000

_CACHED_BYTES: Final = 2_048

Keys = tuple[str, ...]
Values = tuple[str, ...]
Tree = Any
"""A nested dict or list whose leaves are positions in the values: an int, or a list of ints in `Many`."""


class Many(tuple[int, ...]):
    """A leaf of a template that was given several times: the positions of its values."""

    __slots__ = ()


class Template:
    """The shape of a query string, apart from its values.

    `tree` mirrors the nested mapping; a leaf is the position of its value (`int`), or `Many` positions.
    Equal key tuples have equal templates, so one may be kept and filled again and again.
    """

    __slots__ = ("_fill", "tree")

    def __init__(self, tree: dict[str, Tree]) -> None:
        self.tree = tree
        self._fill = _filler(tree)

    def fill(self, values: Sequence[str]) -> dict[str, Any]:
        """The nested mapping for these values: fresh plain dicts and lists with text at the leaves."""
        filled: dict[str, Any] = self._fill(values)
        return filled


def split(raw: bytes, *, max_bytes: int = MAX_BYTES) -> tuple[Keys, Values]:
    """Cuts a raw query string into its keys, still encoded, and its values, decoded.

    Requests that differ only in values have equal keys, so whatever is derived from the keys can be
    remembered. Raises `BadRequest` when it is too long, has too many parameters, or is not UTF-8 text without
    NUL.
    """
    if not raw:
        return (), ()
    if len(raw) > max_bytes:
        raise BadRequest(f"The query string is longer than {max_bytes} bytes.")
    if b"%00" in raw or b"\0" in raw:
        raise BadRequest("The query string holds a NUL character.")
    try:
        text = raw.decode()
        pairs = text.split("&")
        if len(pairs) > MAX_PARAMETERS:
            raise BadRequest(f"The query string has more than {MAX_PARAMETERS} parameters.")
        keys: list[str] = []
        values: list[str] = []
        for pair in pairs:
            key, _, value = pair.partition("=")
            if "[" in key and key[-1] != "]":
                key, value = _split_inside_brackets(pair, key, value)
            if not key:
                continue
            keys.append(key)
            values.append(_decode(value) if "%" in value or "+" in value else value)
    except UnicodeDecodeError:
        raise BadRequest("The query string is not valid UTF-8.") from None
    return tuple(keys), tuple(values)


def decode_keys(keys: Sequence[str]) -> list[str]:
    """The keys that `split` left encoded, as text. Raises `BadRequest` when they are not UTF-8."""
    try:
        return [_decode(key) if "%" in key or "+" in key else key for key in keys]
    except UnicodeDecodeError:
        raise BadRequest("The query string is not valid UTF-8.") from None


def build(keys: Sequence[str]) -> Template:
    """The template for encoded keys as `split` returns them. Raises `BadRequest` for malformed or
    conflicting keys.
    """
    return nest(decode_keys(keys))


def nest(names: Sequence[str]) -> Template:
    """The template for names that are already decoded, such as those of a multipart form."""
    root = _Branch()
    for position, name in enumerate(names):
        _insert(root, _path(name), position, name)
    return Template({name: _shape(child, name) for name, child in root.children.items()})


def parse(raw: bytes, *, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """A raw query string as nested plain dicts and lists of text. Raises `BadRequest`, and nothing else."""
    keys, values = split(raw, max_bytes=max_bytes)
    template = _remembered(keys) if len(raw) <= _CACHED_BYTES else build(keys)
    return template.fill(values)


parse_query = parse
"""The public name of `parse`."""


@lru_cache(maxsize=256)
def _remembered(keys: Keys) -> Template:
    return build(keys)


def _decode(text: str) -> str:
    return unquote_to_bytes(text.replace("+", " ")).decode()


def _split_inside_brackets(pair: str, key: str, value: str) -> tuple[str, str]:
    """`qs` looks for `]=` first, so that `where[a=b][equals]=1` keeps its equals sign inside the bracket."""
    if key.rfind("[") < key.rfind("]"):
        return key, value
    head, closed, tail = pair.partition("]=")
    return (head + "]", tail) if closed else (key, value)


class _Branch:
    """A level under construction: named or numbered children, and the positions appended by `[]`."""

    __slots__ = ("appended", "children")

    def __init__(self) -> None:
        self.children: dict[str, _Branch | list[int]] = {}
        self.appended: list[int] = []


def _path(name: str) -> list[str]:
    """`where[a][]` → `["where", "a", ""]`; a name without brackets is one segment."""
    if "[" not in name:
        return [name]
    head, _, rest = name.partition("[")
    segments = rest[:-1].split("][")
    if not head or rest[-1:] != "]" or any("[" in part or "]" in part for part in segments):
        raise BadRequest(f'The parameter "{_shown(name)}" has an unpaired bracket.')
    if len(segments) > MAX_DEPTH:
        raise BadRequest(f'The parameter "{_shown(name)}" is nested deeper than {MAX_DEPTH} levels.')
    return [head, *segments]


def _insert(root: _Branch, path: list[str], position: int, name: str) -> None:
    branch = root
    last = len(path) - 1
    for depth in range(last):
        # As in qs, `[]` before the end names the first row: `or[][a]=1&or[][b]=2` is one row with two
        # conditions.
        branch = _descend(branch, path[depth] or "0", name, into_list=depth == last - 1 and path[last] == "")
    segment = path[last]
    if segment == "" and last > 0:
        branch.appended.append(position)
        return
    leaf = branch.children.setdefault(segment, [])
    if isinstance(leaf, list):
        leaf.append(position)
    elif _is_appending(leaf):
        leaf.appended.append(position)
    else:
        raise _conflict(name)


def _descend(branch: _Branch, segment: str, name: str, *, into_list: bool) -> _Branch:
    child = branch.children.get(segment)
    if isinstance(child, _Branch):
        return child
    fresh = _Branch()
    if child is not None:
        if not into_list:
            raise _conflict(name)
        fresh.appended = child
    branch.children[segment] = fresh
    return fresh


def _is_appending(branch: _Branch) -> bool:
    return not branch.children


def _shape(node: _Branch | list[int], name: str) -> Tree:
    """A finished level: a list when every child is numbered, in the order of the numbers and without gaps."""
    if isinstance(node, list):
        return node[0] if len(node) == 1 else Many(node)
    if all(map(_is_index, node.children)):
        numbered = sorted(node.children, key=int)
        return [*(_shape(node.children[key], name) for key in numbered), *node.appended]
    if node.appended:
        raise _conflict(name)
    return {key: _shape(child, name) for key, child in node.children.items()}


def _is_index(segment: str) -> bool:
    if not (segment.isascii() and segment.isdigit() and len(segment) <= len(str(MAX_INDEX))):
        return False
    return (segment[0] != "0" or segment == "0") and int(segment) <= MAX_INDEX


def _filler(tree: Tree) -> Callable[[Sequence[str]], Any]:
    """Turns a tree into nested closures once, so that filling it does not ask again what each node is."""
    if isinstance(tree, int):
        return lambda values: values[tree]
    if isinstance(tree, Many):
        return lambda values: [values[position] for position in tree]
    if isinstance(tree, list):
        elements = [_filler(element) for element in tree]
        return lambda values: [fill(values) for fill in elements]
    entries = [(key, _filler(child)) for key, child in tree.items()]
    return lambda values: {key: fill(values) for key, fill in entries}


def _conflict(name: str) -> BadRequest:
    return BadRequest(f'The parameter "{_shown(name)}" is given both as a value and as an object.')


def _shown(name: str) -> str:
    return name if len(name) <= 80 else name[:80] + "…"
