"""The files of a project: one with everything, or one for the application and one for each collection and global."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from headless.collection import Collection
from headless.config import Config
from headless.errors import ConfigError
from headless.extension import Plugin, find_plugin
from headless.fields import registry as built_in
from headless.global_ import Global
from headless.loader.blame import at, trace
from headless.loader.declarations import Reader, Registry
from headless.loader.document import Node, read_document
from headless.loader.functions import UNKNOWN, Functions
from headless.loader.mistakes import Mistakes, Place
from headless.loader.modules import said_by
from headless.loader.options import build
from headless.loader.references import check_references
from headless.names import snake

SUFFIXES = (".yaml", ".yml")
OF_FILES: Final[Mapping[str, type]] = {"collections": Collection, "globals": Global}
"""What may have files of their own, in folders called like the options."""


def load_project(path: str | Path, imports: Sequence[str | Path] = (), *, registry: Registry | None = None) -> Config:
    """The Config that a YAML file declares, with a collection or global for each file in `collections/` and `globals/`.

    The names of functions are looked for in the built-in rules where a rule belongs, in `functions.py` beside the
    file, in what its `imports` list, then in `imports`: paths of `.py` files and names of modules; `module:attribute`
    names any other. `registry` has what makes the fields of each type, by its name: a class, or a function whose
    return annotation names the classes. Raises ConfigError with every mistake of every file.
    """
    mistakes = Mistakes()
    config = _Project(Path(path), built_in if registry is None else registry, mistakes).load(imports)
    mistakes.raise_all()
    assert config is not None
    return config


class _Project:
    def __init__(self, file: Path, registry: Registry, mistakes: Mistakes) -> None:
        self.file = file
        self.folder = file.parent
        self.mistakes = mistakes
        self.functions = Functions(self.folder, mistakes)
        self.reader = Reader(self.functions, registry, mistakes)
        self.nodes: dict[str, Node] = {}

    def load(self, imports: Sequence[str | Path]) -> Config | None:
        root = self._root()
        options = {snake(key): child for key, child in root.value.items()}
        self._import(options.get("imports"), imports)
        values = self.reader.options(Config, root, without=["imports", "plugins", "templates", *OF_FILES])
        for name, read in (("plugins", self._plugins), ("templates", self._templates)):
            values |= {key: read(child) for key, child in root.value.items() if snake(key) == name}
        for option, cls in OF_FILES.items():
            values |= self._listed(root, option, cls)
        config: Config | None = build(Config, Config, root, values, self.mistakes, also=["imports"])
        if config is not None and not self.mistakes:
            check_references(config, self.nodes, root, self.mistakes)
        return config

    def _root(self) -> Node:
        """The file's options. What can be told of the other files without them is told."""
        root = read_document(self.file, self.mistakes)
        if root is not None and root.is_mapping:
            return root
        if root is not None:
            self.mistakes.add(root.place, "the file holds options, such as collections: […]")
        self.functions.forgive_unknown()
        return Node(Place(self.file), {})

    def _import(self, declared: Node | None, given: Sequence[str | Path]) -> None:
        """Adds the sources of functions that the file names, then those that the caller does."""
        for node in declared.value if declared is not None and declared.is_list else [declared]:
            if node is not None and node.is_text:
                self.functions.add(node.value, node.place)
            elif node is not None:
                self.mistakes.add(node.place, "an import is a text: the path of a .py file, or the name of a module")
        for name in given:
            self.functions.add(name, Place(self.file), folder=Path.cwd())

    def _listed(self, root: Node, option: str, cls: type) -> dict[str, Any]:
        """The collections or globals that the file lists, then those that have files of their own."""
        key = next((key for key in root.value if snake(key) == option), option)
        listed = root.value.get(key)
        if listed is not None and not listed.is_list:
            return {key: listed.data()}
        nodes = list(listed.value) if listed is not None else []
        nodes += [node for file in files_of(self.folder / option) if (node := self._file(file)) is not None]
        if listed is None and not nodes:
            return {}
        root.value[key] = Node(root.keys.setdefault(key, root.place), nodes)
        made = [(self._made(node, cls), node) for node in nodes]
        return {key: [found for found, node in made if found is not None and self._is_new(found, node)]}

    def _file(self, file: Path) -> Node | None:
        """The file of a collection or a global, whose stem is the slug when it gives none."""
        node = read_document(file, self.mistakes)
        if node is not None and node.is_mapping and "slug" not in map(snake, node.value):
            node.value["slug"] = Node(node.place, file.stem)
            node.keys["slug"] = node.place
        return node

    def _made(self, node: Node, cls: type) -> Collection | Global | None:
        if not node.is_mapping:
            self.mistakes.add(node.place, f"a {cls.__name__.lower()} is a mapping with a slug and fields")
            return None
        made: Collection | Global | None = build(cls, cls, node, self.reader.options(cls, node), self.mistakes)
        return made

    def _is_new(self, made: Collection | Global, node: Node) -> bool:
        """Whether none of its kind before has the slug."""
        kind = type(made).__name__.lower()
        other = self.nodes.setdefault(f"{kind} {made.slug!r}", node)
        if other is not node:
            place = node.keys.get("slug", node.place)
            first = other.keys.get("slug", other.place).seen_from(place)
            self.mistakes.add(place, f"two {kind}s are called {made.slug!r}, the other {first}")
        return other is node

    def _templates(self, node: Node) -> Any:
        """Folders, relative to the file."""
        names = node.value if node.is_list else [node]
        return [self.folder / child.value if child.is_text else child.data() for child in names]

    def _plugins(self, node: Node) -> Any:
        """Names of plugins, each alone or with its options."""
        found = [self._plugin(child) for child in (node.value if node.is_list else [node])]
        return [plugin for plugin in found if plugin is not None]

    def _plugin(self, node: Node) -> str | Plugin | None:
        if node.is_text:
            return self._named_plugin(node.value, node.place)
        if not node.is_mapping or len(node.value) != 1:
            self.mistakes.add(node.place, "a plugin is its name, or a mapping of its name to its options")
            return None
        ((name, options),) = node.value.items()
        plugin = self._named_plugin(name, node.keys[name])
        if plugin is None or options.value is None:
            return plugin
        if not options.is_mapping:
            self.mistakes.add(options.place, f"the options of plugin {name!r} are a mapping")
            return None
        try:
            return (find_plugin(plugin) if isinstance(plugin, str) else plugin)(**options.data())
        except ConfigError as error:
            self.mistakes.add_all((at(options, trace(said, options)), said) for said in error.problems)
        return None

    def _named_plugin(self, name: str, place: Place) -> str | Plugin | None:
        """An installed plugin stays its name, as in Python; a Plugin of the project's own is found like a function."""
        if ":" in name or name in self.functions:
            found = self.functions.find(name, "plugin", place)
            return None if found is UNKNOWN else found
        try:
            find_plugin(name)
        except ConfigError as error:
            self.mistakes.add(place, error.message)
        except Exception as error:
            self.mistakes.add(place, f"plugin {name!r}: {said_by(error)}")
        else:
            return name
        return None


def files_of(folder: Path) -> list[Path]:
    """The YAML files in a folder, each of which declares a collection or a global."""
    return sorted(file for file in folder.glob("*") if file.suffix in SUFFIXES and not file.name.startswith("."))
