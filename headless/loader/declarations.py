"""Reads the nodes of a file as the options of declarations, with the fields, endpoints and functions in them.

What an option holds is told by its name: `fields`, `access`, `hooks`, `validate`, `condition`, `handler` and the like
hold declarations and names of functions wherever they stand; `default_value`, `custom` and every option that is
declared as `Frozen` hold plain data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from headless.endpoint import Endpoint
from headless.fields.base import DataField, Field, same_level
from headless.fields.block import Block
from headless.loader.blame import mentioned
from headless.loader.document import Node
from headless.loader.functions import UNKNOWN, Functions
from headless.loader.mistakes import Mistakes
from headless.loader.options import build, is_data, is_function, variant
from headless.names import did_you_mean, nearest, snake

Registry = Mapping[str, Callable[..., Any]]

DATA: Final = frozenset({"default_value", "custom", "indexes", "json_schema"})
FUNCTIONS: Final = {
    "validate": "validator", "condition": "condition", "filter_options": "filter", "handler": "handler",
    "on_init": "start hook", "generate_email_html": "mail", "generate_email_subject": "mail",
    "validate_password": "validator",
}  # fmt: skip


class Reader:
    """Reads nodes. What is wrong is noted; what it returns then is good for finding further mistakes only."""

    def __init__(self, functions: Functions, registry: Registry, mistakes: Mistakes) -> None:
        self.functions = functions
        self.registry = registry
        self.mistakes = mistakes
        self._places: dict[int, tuple[Any, Node]] = {}
        self._readers: dict[str, Callable[[Node], Any]] = {
            "fields": self._fields,
            "blocks": self._blocks,
            "access": self._access,
            "hooks": self._hooks,
            "endpoints": self._endpoints,
            "mounts": self._mounts,
            "strategies": self._strategies,
        }

    def options(self, cls: type, node: Node, without: Sequence[str] = ()) -> dict[str, Any]:
        """The values of a declaration's options, by their keys in the file."""
        return {key: self._option(cls, key, child) for key, child in node.value.items() if snake(key) not in without}

    def _option(self, cls: type, key: str, node: Node) -> Any:
        name = snake(key)
        if cls is Endpoint and name == "access":
            return self._rule(node)
        if is_data(cls, name):
            return node.data()
        if name not in FUNCTIONS and is_function(cls, name):
            return self._function(node, "function")
        return self._value(name, node)

    def _value(self, name: str, node: Node) -> Any:
        if name in DATA:
            return node.data()
        if name in FUNCTIONS:
            return self._function(node, FUNCTIONS[name])
        if name in self._readers:
            return self._readers[name](node)
        if node.is_mapping:
            return {key: self._value(snake(key), child) for key, child in node.value.items()}
        return [self._value("", child) for child in node.value] if node.is_list else node.value

    def _function(self, node: Node, kind: str) -> Any:
        return self.functions.find(node.value, kind, node.place) if node.is_text else node.data()

    def _rule(self, node: Node) -> Any:
        if node.is_list:
            return [self._rule(child) for child in node.value]
        return self._function(node, "rule")

    def _access(self, node: Node) -> Any:
        if node.is_mapping:
            return {key: self._rule(child) for key, child in node.value.items()}
        return self._rule(node)

    def _hooks(self, node: Node) -> Any:
        return {kind: self._hook(child) for kind, child in node.value.items()} if node.is_mapping else node.data()

    def _hook(self, node: Node) -> Any:
        return [self._hook(child) for child in node.value] if node.is_list else self._function(node, "hook")

    def _strategies(self, node: Node) -> Any:
        nodes = node.value if node.is_list else [node]
        return [self._function(child, "handler") for child in nodes]

    def _mounts(self, node: Node) -> Any:
        if not node.is_mapping:
            return node.data()
        return {path: self._function(child, "mount") for path, child in node.value.items()}

    def _endpoints(self, node: Node) -> Any:
        if not node.is_list:
            return node.data()
        return [made for child in node.value if (made := self._endpoint(child)) is not None]

    def _endpoint(self, node: Node) -> Any:
        if node.is_text:
            found = self.functions.find(node.value, "endpoint", node.place)
            return None if found is UNKNOWN else found
        if node.is_mapping:
            return build(Endpoint, Endpoint, node, self.options(Endpoint, node), self.mistakes)
        self.mistakes.add(node.place, "an endpoint is a mapping with method, path and handler, or an Endpoint's name")
        return None

    def _blocks(self, node: Node) -> Any:
        """Kinds of blocks, or the slugs of those that are declared elsewhere."""
        if not node.is_list:
            return node.data()
        seen: dict[str, Node] = {}
        blocks = [self._block(child) for child in node.value if self._is_new(child, seen)]
        return [block for block in blocks if block is not None]

    def _block(self, node: Node) -> Any:
        return build(Block, Block, node, self.options(Block, node), self.mistakes) if node.is_mapping else node.data()

    def _is_new(self, node: Node, seen: dict[str, Node]) -> bool:
        """Whether no block before it has the slug."""
        own = node.value.get("slug", node) if node.is_mapping else node
        other = seen.setdefault(own.value, own) if own.is_text else own
        if other is not own:
            self.mistakes.add(
                own.place, f"two blocks are called {own.value!r}, the other {other.place.seen_from(own.place)}"
            )
        return other is own

    def _fields(self, node: Node) -> Any:
        if not node.is_list:
            return node.data()
        fields: list[Field] = []
        seen: dict[str, tuple[Field, Node]] = {}
        for child in node.value:
            field = self._field(child)
            if field is not None and not self._repeats(field, child, seen):
                fields.append(field)
        return fields

    def _field(self, node: Node) -> Field | None:
        if not node.is_mapping:
            self.mistakes.add(node.place, "a field is a mapping with a type, as in {name: title, type: text}")
            return None
        make = self._type(node)
        if make is None:
            return None
        cls = variant(make, [snake(key) for key in node.value])
        values = self.options(cls, node, without=["type"])
        field: Field | None = build(make, cls, node, values, self.mistakes, also=["type"])
        if field is None:
            return None
        problems = list(field.problems())
        self.mistakes.add_all((mentioned(said, node), said) for said in problems)
        self._places[id(field)] = (field, node)
        return None if problems else field

    def _type(self, node: Node) -> Callable[..., Any] | None:
        """What makes fields of the type that a node says."""
        found = node.value.get("type")
        if found is None:
            near = nearest("type", node.value)
            name = node.value["name"].value if "name" in node.value else None
            place = f"field {name!r}" if isinstance(name, str) else "field"
            meant = f" – is {near!r} meant to be it?" if near else ""
            self.mistakes.add(node.place, f"{place}: option 'type' is required{meant}")
            return None
        given = str(found.data())
        if given not in self.registry and snake(given) not in self.registry:
            hint = did_you_mean(given, self.registry) or f" (there are {', '.join(sorted(self.registry))})"
            self.mistakes.add(found.place, f"unknown field type {given!r}{hint}")
            return None
        return self.registry.get(given) or self.registry[snake(given)]

    def _repeats(self, field: Field, node: Node, seen: dict[str, tuple[Field, Node]]) -> bool:
        """Whether the field, or one that it arranges, has the name of another field beside it."""
        again = False
        for inner in same_level([field]):
            if isinstance(inner, DataField):
                _, own = self._places.get(id(inner), (inner, node))
                other, first = seen.setdefault(inner.name, (inner, own))
                if other is not inner:
                    again = True
                    place = own.keys.get("name", own.place)
                    where = first.place.seen_from(place)
                    self.mistakes.add(place, f"two fields are called {inner.name!r}, the other {where}")
        return again
