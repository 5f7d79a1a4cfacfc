"""Functions by the names that YAML gives them, each where its kind belongs."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from headless.access import BUILT_IN
from headless.loader.kinds import ARGUMENTS, defined_at, kind_of, refused_arguments, with_article
from headless.loader.mistakes import Mistakes, Place, shown
from headless.loader.modules import Broken, attribute, is_file_name, load_file, load_module
from headless.names import did_you_mean

logger = logging.getLogger("headless.loader")

FILE: Final = "functions.py"


class Unknown:
    """What a name stands for that stands for nothing, or for nothing that belongs there. The mistake is noted."""

    def __call__(self, *arguments: Any) -> None:
        """It passes for a function, so that no second mistake follows from the first."""


UNKNOWN: Final = Unknown()


class Functions:
    """Finds functions in sources, the first of which that has the name wins; `module:attribute` names any other.

    A name can be given to `find` wherever a function belongs. What it finds must be of that kind if it says of which
    kind it is: by its annotations, by being a built-in rule, an Endpoint or a Plugin, or by having been used as
    another kind before.
    """

    def __init__(self, folder: Path, mistakes: Mistakes) -> None:
        self._folder = folder
        self._mistakes = mistakes
        self._sources: list[tuple[str, ModuleType]] = []
        self._files: set[Path] = set()
        self._incomplete = False
        self._uses: dict[int, tuple[Any, str, Place]] = {}
        if (folder / FILE).is_file():
            self.add(FILE, Place(folder / FILE))

    def add(self, name: str | Path, place: Place, *, folder: Path | None = None) -> None:
        """Adds a file, relative to the folder, or a module. `place` is where that is asked for."""
        try:
            if is_file_name(name):
                self._add_file((folder or self._folder) / name)
            else:
                self._sources.append((self._module_name(name), load_module(self._module_name(name))))
        except Broken as error:
            self.forgive_unknown()
            self._mistakes.add(error.place or place, error.message + self._file_instead(name))

    def _add_file(self, file: Path) -> None:
        file = file.resolve()
        if file not in self._files:
            self._files.add(file)
            self._sources.append((shown(file), load_file(file)))

    def _module_name(self, name: str | Path) -> str:
        return Path(name).name

    def _file_instead(self, name: str | Path) -> str:
        """The remedy for `rules` where `rules.py` was meant."""
        file = f"{name}.py"
        return f" – did you mean {file!r}?" if not is_file_name(name) and (self._folder / file).is_file() else ""

    def __contains__(self, name: str) -> bool:
        return any(hasattr(module, name) for _, module in self._sources)

    def forgive_unknown(self) -> None:
        """Says nothing of names that are not found: what else to look in could not be read."""
        self._incomplete = True

    def find(self, name: str, kind: str, place: Place) -> Any:
        """What the name stands for. Notes the mistake and returns UNKNOWN when it cannot stand there."""
        found = self._attribute(name, place) if ":" in name else self._named(name, kind, place)
        if isinstance(found, Unknown):
            return UNKNOWN
        refusal = self._refusal(name, found, kind, place)
        if refusal is None:
            return found
        self._mistakes.add(place, refusal)
        return UNKNOWN

    def _named(self, name: str, kind: str, place: Place) -> Any:
        if kind == "rule" and name in BUILT_IN:
            self._warn_of_shadowed(name)
            return BUILT_IN[name]
        for _, module in self._sources:
            if hasattr(module, name):
                return getattr(module, name)
        if name in BUILT_IN:
            return BUILT_IN[name]
        if not self._incomplete:
            self._mistakes.add(place, self._missing(name, kind))
        return UNKNOWN

    def _warn_of_shadowed(self, name: str) -> None:
        for source, module in self._sources:
            if getattr(module, name, BUILT_IN[name]) is not BUILT_IN[name]:
                logger.warning("%s in %s is not used: the built-in rule of this name is", name, source)

    def _missing(self, name: str, kind: str) -> str:
        known = dict.fromkeys(BUILT_IN) if kind == "rule" else {}
        known.update(dict.fromkeys(self._fitting(kind)))
        looked = (["the built-in rules"] if kind == "rule" else []) + [source for source, _ in self._sources]
        where = f"looked in {', '.join(looked)}" if looked else f"there is no {FILE} beside the file"
        return f"there is no {kind} {name!r}{did_you_mean(name, known)} ({where})"

    def _fitting(self, kind: str) -> Iterator[str]:
        """The names of what could be meant."""
        for _, module in self._sources:
            for name, value in vars(module).items():
                if not name.startswith("_") and callable(value) and kind_of(value) in (None, kind):
                    yield name

    def _attribute(self, name: str, place: Place) -> Any:
        module_name, _, path = name.partition(":")
        try:
            module = load_module(module_name)
        except (Broken, ValueError) as error:
            at = error.place if isinstance(error, Broken) and error.place is not None else place
            self._mistakes.add(at, f"{error} (looked for {name})")
            return UNKNOWN
        try:
            return attribute(module, path)
        except AttributeError:
            self._mistakes.add(place, f"module {module_name} has no {path!r}{did_you_mean(path, vars(module))}")
            return UNKNOWN

    def _refusal(self, name: str, found: Any, kind: str, place: Place) -> str | None:
        """Why what was found cannot stand where `kind` belongs, or None."""
        own = kind_of(found)
        if own is not None and kind != "function" and own != kind:
            return f"{name!r} is {with_article(own)}, not {with_article(kind)}{_defined(found)}"
        if kind == "rule" and isinstance(found, Mapping | Sequence) and not isinstance(found, str):
            return None
        if not callable(found) or isinstance(found, ModuleType):
            return f"{name!r} is of type {type(found).__name__}, not a function"
        if kind in ("endpoint", "plugin") and own != kind:
            return f"{name!r} is not {with_article(kind)}{_defined(found)}"
        wrong = refused_arguments(found, kind)
        if wrong is not None:
            return f"{name!r} is not {with_article(kind)}: {wrong}{_defined(found)}"
        return self._used_otherwise(name, found, kind, place) if own is None else None

    def _used_otherwise(self, name: str, found: Any, kind: str, place: Place) -> str | None:
        if kind not in ARGUMENTS:
            return None
        _, before, first = self._uses.setdefault(id(found), (found, kind, place))
        if before == kind:
            return None
        return f"{name!r} is used as {with_article(before)} {first.seen_from(place)}, so it is not {with_article(kind)}"


def _defined(value: Any) -> str:
    at = defined_at(value)
    return f" ({shown(Path(at[0]))}:{at[1]})" if at is not None else ""
