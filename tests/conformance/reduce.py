"""Derives what the framework supports today from the recorded configuration, and says what it dropped."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from headless.names import snake
from tests.conformance.gaps import Gap, Gaps, declared
from tests.conformance.shapes import Inside, Shape, Shapes

Declaration = dict[str, Any]
GLOBALS = "globals/"
"""What the slugs of globals begin with here, so that they are no collection's."""
CONTAINERS = ("array", "blocks", "group")


@dataclass(frozen=True, slots=True)
class Dropped:
    """Something that left the configuration: its place, as in `lab.rows.sub`, and what is missing for it."""

    place: str
    feature: str

    def __str__(self) -> str:
        return f"{self.place}: {self.feature}"


@dataclass(frozen=True, slots=True)
class Reduction:
    """A configuration reduced to what is supported. `original` is what was recorded."""

    config: Declaration
    original: Declaration
    gaps: Gaps
    shapes: Shapes
    dropped: tuple[Dropped, ...]

    def feature_of(self, slug: str) -> str | None:
        """The missing feature for whose sake a collection was dropped, if it was."""
        return next((drop.feature for drop in self.dropped if drop.place == slug), None)


def reduce_config(original: Declaration, types: Collection[str], gaps: Gaps) -> Reduction:
    """The part of a configuration that needs none of the gaps and no field type but the given ones."""
    return _Reducer(original, types, gaps).reduce()


class _Reducer:
    def __init__(self, original: Declaration, types: Collection[str], gaps: Gaps) -> None:
        self.original = original
        self.types = types
        self.gaps = gaps
        self.dropped: list[Dropped] = []
        self.gone: dict[str, str] = {}
        for collection in original["collections"]:
            for gap in _fatal(collection, gaps):
                self.gone.setdefault(collection["slug"], gap.feature)

    def reduce(self) -> Reduction:
        root = self._options(self.original, self.gaps.root, "")
        shapes: dict[str, Shape] = {}
        collections = []
        for collection in self.original["collections"]:
            slug = collection["slug"]
            if slug in self.gone:
                self._drop(slug, self.gone[slug])
            else:
                shapes[slug] = Shape()
                collections.append(self._documents(collection, shapes[slug], slug))
        singles = []
        for single in self.original.get("globals", ()):
            place = GLOBALS + single["slug"]
            shapes[place] = Shape()
            singles.append(self._documents(single, shapes[place], place))
        if "endpoints" in root:
            root["endpoints"] = self._endpoints(root["endpoints"], "endpoints")
        config = {key: root[key] for key in self.original if key in root}
        config["collections"] = collections
        if singles:
            config["globals"] = singles
        return Reduction(config, self.original, self.gaps, Shapes(shapes), tuple(self.dropped))

    def _drop(self, place: str, feature: str) -> None:
        self.dropped.append(Dropped(place, feature))

    def _options(self, declaration: Declaration, gaps: Mapping[str, Gap], place: str) -> Declaration:
        missing = declared(declaration, gaps)
        for option, gap in missing.items():
            self._drop(f"{place}.{option}".lstrip("."), gap.feature)
        return {key: value for key, value in declaration.items() if key not in missing}

    def _documents(self, collection: Declaration, shape: Shape, slug: str) -> Declaration:
        """A collection, or a global by the slug that its path has."""
        kept = self._options(collection, self.gaps.documents, slug)
        for gap in declared(collection, self.gaps.documents).values():
            shape.dropped.update(gap.keys)
        if isinstance(kept.get("auth"), dict):
            for gap in declared(kept["auth"], self.gaps.auth).values():
                shape.dropped.update(gap.keys)
            kept["auth"] = self._options(kept["auth"], self.gaps.auth, f"{slug}.auth") or True
        kept["access"] = {
            operation: self._rule(rule, f"{slug}.access.{operation}")
            for operation, rule in kept.get("access", {}).items()
            if operation not in self.gaps.access
        }
        if "access" not in collection:
            del kept["access"]
        if kept.get("endpoints"):
            kept["endpoints"] = self._endpoints(kept["endpoints"], f"{slug}.endpoints")
        kept["fields"] = self._fields(collection["fields"], slug, shape, _has_locale_row(collection["fields"]))
        return kept

    def _rule(self, rule: Any, place: str) -> Any:
        if isinstance(rule, str) and rule in self.gaps.rules:
            stand_in = self.gaps.rules[rule]
            self._drop(place, f"{rule}, for which {stand_in} stands in")
            return stand_in
        return rule

    def _endpoints(self, endpoints: Collection[Declaration], place: str) -> list[Declaration]:
        kept = []
        for endpoint in endpoints:
            if endpoint["handler"] in self.gaps.handlers:
                self._drop(f"{place}.{endpoint['handler']}", self.gaps.handlers[endpoint["handler"]])
            else:
                kept.append(endpoint)
        return kept

    def _fields(self, fields: list[Declaration], place: str, shape: Shape, locale_row: bool) -> list[Declaration]:
        kept = []
        for field in fields:
            name = field.get("name")
            where = f"{place}.{name}" if name else place
            feature = self._reason(field, locale_row)
            reduced = self._field(field, where, shape, locale_row) if feature is None else None
            if reduced is not None:
                kept.append(reduced)
                continue
            if feature is not None:
                self._drop(where, feature)
            if name:
                shape.dropped.update({name, *_keys(field, self.gaps)})
        return kept

    def _reason(self, field: Declaration, locale_row: bool) -> str | None:
        if snake(field["type"]) not in self.types:
            return f"the field type {field['type']}"
        for option, gap in declared(field, self.gaps.fields, field["type"]).items():
            if gap.drop == "field":
                return gap.feature
            if option == "localized" and (field["type"] in CONTAINERS or not locale_row):
                # An unset one reads as null only where a required localized field made a row for the locale.
                return f"{gap.feature} (without it the field would read otherwise)"
        for target in _list(field.get("relationTo")) or _list(field.get("collection")):
            if target not in self.gone:
                return None
        lost = _list(field.get("relationTo")) or _list(field.get("collection"))
        return self.gone[lost[0]] if lost else None

    def _field(self, field: Declaration, place: str, shape: Shape, locale_row: bool) -> Declaration | None:
        kept = self._options(field, declared(field, self.gaps.fields, field["type"]), place)
        if "localized" in field and "localized" not in kept:
            shape.plain.add(field["name"])
        inside = Inside(targets=self._targets(kept))
        if inside.targets:
            shape.inside[field["name"]] = inside
        if "fields" in field:
            child = Shape() if field.get("name") else shape
            rows = _has_locale_row(field["fields"]) if field["type"] == "array" else locale_row
            kept["fields"] = self._fields(field["fields"], place, child, rows)
            if not kept["fields"]:
                return None
            if field.get("name"):
                shape.inside[field["name"]] = Inside(child=child)
        if "tabs" in field:
            kept["tabs"] = [tab for tab in (self._tab(tab, place, shape, locale_row) for tab in field["tabs"]) if tab]
        if "blocks" in field:
            kept["blocks"] = [self._block(block, place, inside) for block in field["blocks"]]
            shape.inside[field["name"]] = inside
        return kept if kept.get("tabs", True) else None

    def _tab(self, tab: Declaration, place: str, shape: Shape, locale_row: bool) -> Declaration | None:
        group = self._field({**tab, "type": "tab"}, f"{place}.{tab.get('name', '')}".rstrip("."), shape, locale_row)
        if group is None:
            shape.dropped.update({tab["name"]} if "name" in tab else ())
            return None
        del group["type"]
        return group

    def _block(self, block: Declaration, place: str, inside: Inside) -> Declaration:
        shape = inside.blocks[block["slug"]] = Shape()
        row = _has_locale_row(block["fields"])
        return {**block, "fields": self._fields(block["fields"], f"{place}.{block['slug']}", shape, row)}

    def _targets(self, field: Declaration) -> tuple[str, ...]:
        for option in ("relationTo", "collection"):
            if isinstance(field.get(option), list):
                field[option] = [target for target in field[option] if target not in self.gone]
        return tuple(_list(field.get("relationTo")) or _list(field.get("collection")))


def _fatal(collection: Declaration, gaps: Gaps) -> Iterator[Gap]:
    """The gaps that cost a whole collection."""
    auth = collection.get("auth")
    found = [
        *declared(collection, gaps.documents).values(),
        *(declared(auth, gaps.auth).values() if isinstance(auth, dict) else ()),
        *(gap for field in collection["fields"] for gap in declared(field, gaps.fields, field["type"]).values()),
    ]
    return (gap for gap in found if gap.drop == "collection")


def _keys(field: Declaration, gaps: Gaps) -> Iterator[str]:
    """The keys beside its own that a field adds to documents."""
    for gap in declared(field, gaps.fields, field["type"]).values():
        for key in gap.keys:
            yield key.format(name=field["name"])


def _list(value: Any) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else list(value)


def _has_locale_row(fields: list[Declaration]) -> bool:
    """Whether every document (or row) had a row for its locale: something localized in it is required."""
    for field in fields:
        if field.get("localized") and field.get("required"):
            return True
        if field.get("type") not in ("array", "blocks") and _has_locale_row(field.get("fields", [])):
            return True
        if any(_has_locale_row(tab["fields"]) for tab in field.get("tabs", [])):
            return True
    return False
