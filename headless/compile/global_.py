"""A compiled global: a compiled collection that has one document, whose id nobody chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from headless.compile.collection import CompiledCollection
from headless.compile.ids import Ids, IntegerIds
from headless.config import Config
from headless.errors import ConfigError, ValidationError
from headless.global_ import OPERATIONS, Global, as_collection

ID = 1
"""The id of every global's document: a second one cannot be stored beside it."""


class OneId(IntegerIds):
    """The same number always."""

    counted: ClassVar[bool] = False

    def columns(self, document: dict[str, Any], new_uuid: Callable[[], str]) -> dict[str, Any]:
        document.pop("id", None)
        return {"id": ID}


class CompiledGlobal(CompiledCollection):
    """What is made of a global's declaration."""

    kind: ClassVar[str] = "global"
    operations: ClassVar[Sequence[str]] = OPERATIONS

    def __init__(self, declared: Global, config: Config) -> None:
        super().__init__(as_collection(declared), config)
        if problems := list(self._misplaced()):
            raise ConfigError([f"{self.place}, {problem}" for problem in problems])

    def make_ids(self, config: Config) -> Ids:
        return OneId()

    def make_constants(self) -> Mapping[str, Any]:
        return {"globalType": self.slug}

    def invalid(self, errors: Sequence[Mapping[str, Any]], id: Any = None) -> ValidationError:
        return ValidationError(errors, global_=self.slug)

    def _misplaced(self) -> Iterator[str]:
        """What only a collection's fields can be."""
        for node in self.plan.nodes:
            if node.key == "id" or node.key in self.constants:
                yield f"field {node.dotted!r}: the platform adds this field itself"
        for node in self.references:
            if node.refers.when_gone == "cascade":
                yield f"field {node.dotted!r}: on_delete is set_null or restrict, for a global cannot be deleted"
