"""The shapes of documents in the reduced configuration: which keys went, where documents lie in others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Shape:
    """The keys of a document, a group or a row: those that lead further, and those that were dropped.

    `plain` are the fields that lost an option by which a path could go on below them, as `title.de` does.
    """

    inside: dict[str, Inside] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    plain: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Inside:
    """What lies under a key: a group or rows (`child`), blocks by their type, or references."""

    child: Shape | None = None
    blocks: dict[str, Shape] = field(default_factory=dict)
    targets: tuple[str, ...] = ()


class Shapes:
    """The shapes of all collections that are left, by slug."""

    def __init__(self, collections: Mapping[str, Shape]) -> None:
        self.collections = collections

    def prune(self, value: Any, shape: Shape) -> Any:
        """A document, group, row or list of them without the keys that were dropped."""
        if isinstance(value, list):
            return [self.prune(item, shape) for item in value]
        if not isinstance(value, dict):
            return value
        kept = {key: item for key, item in value.items() if key not in shape.dropped}
        return {
            key: self._under(item, shape.inside[key]) if key in shape.inside else item for key, item in kept.items()
        }

    def document(self, value: Any, slug: str) -> Any:
        """A document of the collection, or the value as it is when the collection is not left."""
        shape = self.collections.get(slug)
        return value if shape is None else self.prune(value, shape)

    def _under(self, value: Any, inside: Inside) -> Any:
        if inside.targets:
            return self._reference(value, inside.targets)
        if inside.blocks:
            return [self._block(row, inside.blocks) for row in value] if isinstance(value, list) else value
        return self.prune(value, inside.child) if inside.child else value

    def _block(self, row: Any, blocks: Mapping[str, Shape]) -> Any:
        shape = blocks.get(str(row.get("blockType"))) if isinstance(row, dict) else None
        return self.prune(row, shape) if shape else row

    def _reference(self, value: Any, targets: Sequence[str]) -> Any:
        if isinstance(value, list):
            return [self._reference(item, targets) for item in value]
        if not isinstance(value, dict):
            return value
        if "docs" in value:
            return {**value, "docs": self._reference(value["docs"], targets)}
        if "relationTo" in value:
            return {**value, "value": self.document(value.get("value"), str(value["relationTo"]))}
        return self.document(value, targets[0])

    def is_dropped(self, slug: str, path: Sequence[str]) -> bool:
        """Whether a path of a query, a select or a validation error goes through a key that was dropped."""
        shape = self.collections.get(slug)
        return shape is not None and self._drops(shape, [part for part in path if not part.isdigit()])

    def _drops(self, shape: Shape, path: Sequence[str]) -> bool:
        if not path:
            return False
        if path[0] in shape.dropped or (path[0] in shape.plain and len(path) > 1):
            return True
        inside = shape.inside.get(path[0])
        if inside is None or len(path) == 1:
            return False
        return any(self._drops(*step) for step in self._steps(inside, path[1:]))

    def _steps(self, inside: Inside, rest: Sequence[str]) -> Iterator[tuple[Shape, Sequence[str]]]:
        if inside.child:
            yield inside.child, rest
        for name, block in inside.blocks.items():
            yield block, rest[1:] if rest[0] == name else rest
        for target in inside.targets:
            if target in self.collections:
                yield self.collections[target], rest[1:] if rest[0] == target else rest

    def reachable(self, slug: str) -> set[str]:
        """The collections whose documents can be populated into documents of this one."""
        found: set[str] = set()
        waiting = [slug]
        while waiting:
            shape = self.collections.get(waiting.pop())
            for target in _targets(shape) if shape else ():
                if target not in found:
                    found.add(target)
                    waiting.append(target)
        return found


def _targets(shape: Shape) -> Iterator[str]:
    for inside in shape.inside.values():
        yield from inside.targets
        for child in (inside.child, *inside.blocks.values()):
            if child:
                yield from _targets(child)
