"""Reading the values of a query as the fields that they are compared with write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from headless import operators
from headless.access import NumberOfUser, TextOfUser
from headless.compile.collection import CompiledCollection
from headless.compile.plan import Node
from headless.operators import Never, Operator


class AsGiven:
    """A reading that leaves values as they are."""

    def query_value(self, raw: Any) -> Any:
        return raw


class Reading:
    """A field's own reading of a query's value, ids as their collection writes them."""

    def __init__(
        self,
        collection: CompiledCollection,
        find: Callable[[str], CompiledCollection],
        node: Node,
        keys: tuple[str, ...],
    ) -> None:
        self.collection = collection
        self.find = find
        self.node = node
        self.keys = keys

    def query_value(self, raw: Any) -> Any:
        if self.keys == ("relationTo",):
            return raw if isinstance(raw, str) else None
        if isinstance(raw, NumberOfUser | TextOfUser):
            raw = self._of_user(raw)
        if self.node.refers is not None:
            return self._id(raw, self.node.field)
        if self.node.is_id:
            return self.collection.ids.query_value(raw)
        return self.node.field.query_value(raw)

    def _of_user(self, id: NumberOfUser | TextOfUser) -> Any:
        """`$user.id` of a rule. Number 1 of another collection is somebody else."""
        slugs = self.node.slugs if self.node.refers is not None else (self.collection.slug,)
        is_id = self.node.refers is not None or self.node.is_id
        # Of a value that says where it leads, the id alone does not say whose it is.
        if is_id and (id.collection not in slugs or self.keys):
            raise Never
        return plain_id(id)

    def _id(self, raw: Any, field: Any) -> Any:
        value = field.query_value(raw)
        return None if value is None else self.find(self.node.slugs[0]).ids.query_value(value)


def plain_id(id: NumberOfUser | TextOfUser) -> int | str:
    """The id of a user without the memory of whose it is."""
    return int(id) if isinstance(id, NumberOfUser) else str(id)


def operator_of(node: Node, name: str, keys: tuple[str, ...]) -> Operator | None:
    """The operator of that name for a field, or for a key inside its value; None when it has none."""
    if keys == ("relationTo",):
        return operators.TEXT.get(name)
    if node.refers is not None and getattr(node.field, "polymorphic", False) and not keys:
        return operators.EXISTENCE.get(name) or (operators.equals if name == "equals" else None)
    return node.field.operators.get(name)


def known_operator(node: Node, name: str, keys: tuple[str, ...]) -> Operator:
    """The same, of a name that is known to be there."""
    operator = operator_of(node, name, keys)
    assert operator is not None
    return operator
