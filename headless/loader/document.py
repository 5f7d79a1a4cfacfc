"""A YAML file as a tree of nodes that know where they stand: no duplicate keys, no bombs of aliases, no cycles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from headless.loader.mistakes import Mistakes, Place
from headless.loader.scalars import TAG, read_plain, read_tagged, short
from headless.loader.syntax import DEEPEST, TOO_DEEP, explain

LARGEST: Final = 200_000
"""How many values a file may have when every alias is written out."""

# YAML 1.2 does not count the last three as line breaks, PyYAML does: in a text they would be read as spaces.
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff\x85\u2028\u2029]")
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Refused(Exception):
    """A file that cannot be read on from this place."""

    def __init__(self, place: Place, message: str) -> None:
        self.place = place
        self.message = message
        super().__init__(message)


@dataclass(slots=True)
class Node:
    """A scalar's value, a list of nodes, or a mapping of texts to nodes, with the places of its keys."""

    place: Place
    value: Any
    keys: dict[str, Place] = field(default_factory=dict)
    size: int = 1
    depth: int = 1

    @property
    def is_mapping(self) -> bool:
        """Whether it has keys."""
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        """Whether it has items."""
        return isinstance(self.value, list)

    @property
    def is_text(self) -> bool:
        """Whether it is a text."""
        return isinstance(self.value, str)

    def data(self) -> Any:
        """The plain value: dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: child.data() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.data() for child in self.value]
        return self.value

    def take_in(self, child: Node) -> None:
        """Counts a child's size and depth as its own."""
        self.size += child.size
        self.depth = max(self.depth, child.depth + 1)


def read_document(file: Path, mistakes: Mistakes) -> Node | None:
    """The tree of a file; an empty file is an empty mapping. None, with the mistake noted, when it cannot be read."""
    try:
        return parse(decode(file), file, mistakes)
    except Refused as refused:
        mistakes.add(refused.place, refused.message)
    except OSError as error:
        mistakes.add(Place(file), f"cannot be read: {error.strerror}")
    return None


def decode(file: Path) -> str:
    """The text of a file. Raises Refused when it is not UTF-8."""
    content = file.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(Place(file, content.count(b"\n", 0, error.start) + 1), "this file is not UTF-8 text") from None


def parse(text: str, file: Path, mistakes: Mistakes) -> Node:
    """The tree of a text. Duplicate keys are noted as mistakes. Raises Refused for what is not YAML."""
    found = _UNREADABLE.search(text)
    if found is not None:
        line = text.count("\n", 0, found.start()) + 1
        column = found.start() - text.rfind("\n", 0, found.start())
        written = found[0].encode("unicode_escape").decode()
        raise Refused(Place(file, line, column), f"the character {written} is written in double quotes, as this escape")
    try:
        return _Composer(text, file, mistakes).compose()
    except yaml.MarkedYAMLError as error:
        line, column, message = explain(error, text)
        raise Refused(Place(file, line, column), message) from None


class _Composer:
    def __init__(self, text: str, file: Path, mistakes: Mistakes) -> None:
        self.events: Iterator[Any] = yaml.parse(text, Loader=_PARSER)
        self.file = file
        self.mistakes = mistakes
        self.anchors: dict[str, Node | None] = {}
        self.size = 0

    def compose(self) -> Node:
        """The one document of the file."""
        event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            return Node(Place(self.file, 1, 1), {})
        node = self._node(self._next(), 1)
        self._next()
        event = self._next()
        if isinstance(event, yaml.DocumentStartEvent):
            raise Refused(self._place(event), "a second document begins here: a file holds one")
        return Node(node.place, {}) if node.value is None else node

    def _next(self) -> Any:
        event = next(self.events)
        return next(self.events) if isinstance(event, yaml.StreamStartEvent) else event

    def _place(self, event: Any) -> Place:
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _node(self, event: Any, level: int) -> Node:
        place = self._place(event)
        if isinstance(event, yaml.AliasEvent):
            node = self._aliased(event, place)
        else:
            node = self._composed(event, place, level)
        if level + node.depth - 1 > DEEPEST:
            raise Refused(place, TOO_DEEP)
        return node

    def _aliased(self, event: Any, place: Place) -> Node:
        if event.anchor not in self.anchors:
            raise Refused(place, f"there is no anchor &{event.anchor} before this alias")
        node = self.anchors[event.anchor]
        if node is None:
            raise Refused(place, f"*{event.anchor} stands inside what it repeats")
        self._count(node.size, place)
        return node

    def _count(self, size: int, place: Place) -> None:
        self.size += size
        if self.size > LARGEST:
            raise Refused(place, f"more than {LARGEST:,} values, those that aliases repeat included")

    def _composed(self, event: Any, place: Place, level: int) -> Node:
        self._count(1, place)
        if level > DEEPEST:
            raise Refused(place, TOO_DEEP)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            node = Node(place, self._scalar(event, place))
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(event, place, level)
        else:
            node = self._mapping(event, place, level)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def _scalar(self, event: Any, place: Place) -> Any:
        try:
            if event.tag is not None:
                return read_tagged(event.tag, event.value)
            return read_plain(event.value) if event.implicit[0] else event.value
        except ValueError as error:
            too_long = "Exceeds the limit" in str(error)
            raise Refused(place, "a number with more digits than can be read" if too_long else str(error)) from None

    def _sequence(self, event: Any, place: Place, level: int) -> Node:
        self._check_tag(event, "seq", place)
        node = Node(place, [])
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            child = self._node(event, level + 1)
            node.value.append(child)
            node.take_in(child)
        return node

    def _mapping(self, event: Any, place: Place, level: int) -> Node:
        self._check_tag(event, "map", place)
        node = Node(place, {})
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            where = self._place(event)
            key = self._key(self._node(event, level + 1), where)
            child = self._node(self._next(), level + 1)
            node.take_in(child)
            if key in node.keys:
                first = node.keys[key].line
                self.mistakes.add(where, f"the key {key!r} is given twice, first in line {first}")
            elif key is not None:
                node.value[key], node.keys[key] = child, where
        return node

    def _key(self, node: Node, place: Place) -> str | None:
        if node.value == "<<":
            self.mistakes.add(place, "YAML 1.2 has no merge keys (<<): write the options out")
        elif isinstance(node.value, str):
            return node.value
        elif isinstance(node.value, dict | list):
            self.mistakes.add(place, "a key is a text, not a list or a mapping")
        else:
            self.mistakes.add(place, "a key is a text: put it in quotes")
        return None

    def _check_tag(self, event: Any, kind: str, place: Place) -> None:
        if event.tag not in (None, "!", f"{TAG}{kind}"):
            raise Refused(place, f"the tag {short(event.tag)} means nothing here")
