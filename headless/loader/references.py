"""What shows only when all declarations are taken together, such as references to what is not there, with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from headless.collection import Collection
from headless.compile.application import compile_config
from headless.config import Config, host_plugins
from headless.errors import ConfigError
from headless.extension import find_plugin
from headless.loader.document import Node
from headless.loader.mistakes import Mistakes, Place
from headless.names import snake

_OWNER: Final = re.compile(r"(?:collection|global) '[^']*'")
_NAMED: Final = re.compile(r"'([^']*)'")


def check_references(config: Config, nodes: Mapping[str, Node], root: Node, mistakes: Mistakes) -> None:
    """Notes what the compiler refuses. `nodes` are those of the collections and globals, by `collection 'posts'`."""
    for said in unmet(config):
        found = _OWNER.search(said)
        node = nodes.get(found[0], root) if found is not None else root
        mistakes.add(place_of(said, node), said)


def unmet(config: Config) -> list[str]:
    """The compiler's problems. Plugins may bring what the file only names: they are asked before one is told."""
    problems = _refused(config)
    if problems and config.plugins:
        try:
            problems = _refused(host_plugins(config, find_plugin)[0])
        except ConfigError:
            return []
    return problems


def _refused(config: Config) -> list[str]:
    slugs = {collection.slug for collection in config.collections}
    try:
        if config.admin.user not in slugs:
            config = config.with_collections(Collection(config.admin.user, fields=(), auth=True))
        compile_config(config)
    except ConfigError as error:
        return error.problems
    return []


def place_of(said: str, node: Node) -> Place:
    """The text in a node that a problem quotes, the one whose surroundings it speaks of most; else the node's place."""
    said = said.partition(" – ")[0]
    quoted, words = set(_NAMED.findall(said)[1:]), set(re.findall(r"\w+", said))
    texts = [(text, around) for text, around in _texts(node, frozenset()) if text.value.removeprefix("-") in quoted]
    # What a field is called is quoted to say where the problem is, so it comes last.
    best = max(texts, key=lambda found: ("name" not in found[1], len(words & found[1])), default=None)
    return best[0].place if best is not None else node.place


def _texts(node: Node, around: frozenset[str]) -> Iterator[tuple[Node, frozenset[str]]]:
    """Every text in a node, with the keys that lead to it and the names of what it is in."""
    if node.is_text:
        yield node, around
    elif node.is_list:
        for child in node.value:
            yield from _texts(child, around)
    elif node.is_mapping:
        names = {child.value for key, child in node.value.items() if key in ("name", "slug") and child.is_text}
        for key, child in node.value.items():
            yield from _texts(child, (around - {"name"}) | names | {snake(key)})
