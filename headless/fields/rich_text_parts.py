"""Blocks inside rich text, as parts of its value: written, told of when something is wrong, described."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from headless.fields.abilities import Change, Writer
from headless.fields.base import REQUIRED, Field, Schema
from headless.fields.block import KIND, Block
from headless.fields.blocks import no_such_block, told_apart
from headless.fields.rows import Path, by_id, row_id, same_part
from headless.lexical import blocks
from headless.names import words


def parts(value: Any) -> list[dict[str, Any]]:
    """The fields of each block."""
    return [fields for _, node in blocks.blocks(value) if (fields := blocks.fields_of(node)) is not None]


def with_parts(value: Any, change: Change) -> Any:
    """The rich text with what `change` makes of each block's fields."""
    found = [(path, blocks.fields_of(node)) for path, node in blocks.blocks(value)]
    return blocks.with_fields(value, {path: change(fields) for path, fields in found if fields is not None})


async def fill(field: Field, writer: Writer, node: Any, value: Any, stored: Any, path: Path) -> Any:
    """First pass over the blocks. One whose id another has already is a copy, and has an id of its own."""
    before = by_id(parts(stored))
    made: dict[Path, Mapping[str, Any] | None] = {}
    seen: set[str] = set()
    for place, block in blocks.blocks(value):
        given = blocks.fields_of(block)
        plan = None if given is None else node.plan_of(given)
        # What is of no declared kind stays as it came, to be told of.
        if given is None or plan is None:
            continue
        id = row_id(given.get("id"), writer)
        part = {**given, "id": writer.new_row_id() if id in seen else id}
        seen.add(part["id"])
        filled = await writer.fill(plan, part, same_part(field, part, before), (*path, *place, blocks.FIELDS))
        made[place] = {"id": part["id"], **filled}
    return blocks.with_fields(value, made)


async def finish(
    field: Field,
    writer: Writer,
    node: Any,
    value: Any,
    stored: Any,
    path: Path,
    label: str,
    offered: Callable[[str], Sequence[Block]],
) -> None:
    """Second pass over the blocks, in place. `offered` answers which kinds nodes of a type may be of."""
    before = by_id(parts(stored))
    for number, (place, block) in enumerate(blocks.blocks(value), 1):
        inside, called = (*path, *place, blocks.FIELDS), f"{label} > Block {number}"
        part = blocks.fields_of(block)
        if part is None:
            writer.fail(inside, called, REQUIRED)
            continue
        kinds = {kind.slug: kind for kind in offered(block["type"])}
        kind, plan = kinds.get(field.level_of(part)), node.plan_of(part)
        if kind is None or plan is None:
            given = part.get(KIND)
            writer.fail(
                (*inside, KIND), f"{called} > {words(KIND)}", no_such_block(given, kinds) if given else REQUIRED
            )
        else:
            await writer.finish(plan, part, same_part(field, part, before), inside, f"{called} ({kind.singular})")


def root_schema(loose: Mapping[str, Any], kinds: Mapping[str, Sequence[Block]], parts: Mapping[str, Schema]) -> Schema:
    """The schema of the root, given that of one whose nodes may be anything, the kinds by type of node, and parts.

    It tells of blocks among the nodes of the root, and inside these, where lines have theirs.
    """
    typed = [_node(type_, offered, parts) for type_, offered in kinds.items() if offered]
    any_ = {"type": "object", "properties": {"type": _other()}, "required": ["type"]}
    inner = {"anyOf": [*typed, any_]}
    lined = {**any_, "properties": {"type": _other(), "children": {"type": "array", "items": inner}}}
    children = {"type": "array", "items": {"anyOf": [*typed, lined]}}
    return {**loose, "properties": {**loose["properties"], "children": children}}


def _other() -> Schema:
    return {"type": "string", "not": {"enum": list(blocks.TYPES)}}


def _node(type_: str, offered: Iterable[Block], parts: Mapping[str, Schema]) -> Schema:
    fields = {
        "oneOf": [told_apart(block, parts[block.slug]) for block in offered],
        "discriminator": {"propertyName": KIND},
    }
    properties = {"type": {"type": "string", "const": type_}, blocks.FIELDS: fields}
    return {"type": "object", "properties": properties, "required": ["type", blocks.FIELDS]}
