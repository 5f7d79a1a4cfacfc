"""Everything that is declared compiled together: what one declaration says of another is looked up here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import sqlalchemy as sa

from headless.compile.collection import CompiledCollection
from headless.compile.global_ import CompiledGlobal
from headless.compile.paths import find_lead, find_sources
from headless.compile.values import can_be_kept
from headless.config import Config
from headless.errors import ConfigError
from headless.names import did_you_mean
from headless.security.tokens import check_claims

C = TypeVar("C", bound=CompiledCollection)
D = TypeVar("D")


@dataclass(frozen=True)
class Compiled:
    """The collections and the globals by slug, and what holds their tables."""

    collections: Mapping[str, CompiledCollection]
    globals: Mapping[str, CompiledGlobal]
    metadata: sa.MetaData = field(default_factory=sa.MetaData)

    def __iter__(self) -> Iterator[CompiledCollection]:
        return iter(self.by_slug.values())

    @cached_property
    def by_slug(self) -> Mapping[str, CompiledCollection]:
        """Both: no collection and global share a slug."""
        return {**self.collections, **self.globals}


def compile_config(config: Config) -> Compiled:
    """Everything that is declared. Raises ConfigError with all mistakes."""
    problems: list[str] = []
    collections = {found.slug: found for found in _made(CompiledCollection, config.collections, config, problems)}
    compiled = Compiled(
        collections, {found.slug: found for found in _made(CompiledGlobal, config.globals, config, problems)}
    )
    problems += [problem for found in compiled for problem in _dangling(found, collections)]
    problems += [problem for found in compiled for problem in _misled(found, collections)]
    problems += _same_tables(compiled)
    if problems:
        raise ConfigError(problems)

    def id_type(slug: str) -> sa.types.TypeEngine[Any]:
        return compiled.by_slug[slug].ids.column

    for found in compiled:
        found.build(compiled.metadata, id_type)
    for found in compiled:
        found.build_others(compiled.metadata, id_type)
    return compiled


def _made(make: Callable[[D, Config], C], declared: Iterable[D], config: Config, problems: list[str]) -> Iterator[C]:
    """What is made of the declarations that have no mistakes of their own."""
    for one in declared:
        try:
            yield make(one, config)
        except ConfigError as error:
            problems += error.problems


def _dangling(collection: CompiledCollection, compiled: Mapping[str, CompiledCollection]) -> list[str]:
    """References to collections, and options naming fields, that do not exist."""
    problems = []
    for node in collection.references:
        for slug in node.slugs:
            if slug not in compiled:
                place = f"{collection.place}, field {node.dotted!r}"
                problems.append(f"{place}: there is no collection {slug!r}{did_you_mean(slug, compiled)}")
    for node in collection.plan.walk():
        for slug in node.field.named:
            place = f"{collection.place}, field {node.dotted!r}"
            problems.append(f"{place}: there is no block {slug!r}{did_you_mean(slug, collection.blocks)}")
    problems += _without_effect(collection)
    problems += _without_source(collection)
    admin = collection.declaration.admin
    known = {node.dotted for node in collection.plan.walk()} | {"id"}
    for option, names in (
        ("use_as_title", (admin.use_as_title,) if admin.use_as_title else ()),
        ("default_columns", admin.default_columns),
        ("list_searchable_fields", admin.list_searchable_fields),
        ("default_sort", tuple(name.removeprefix("-") for name in collection.declaration.default_sort)),
        ("force_select", tuple(collection.declaration.force_select or ())),
        ("default_populate", tuple(collection.declaration.default_populate or ())),
    ):
        for name in names:
            if name not in known:
                place = f"{collection.place}, {option}"
                problems.append(f"{place}: there is no field {name!r}{did_you_mean(name, known)}")
    return problems


def _misled(collection: CompiledCollection, compiled: Mapping[str, CompiledCollection]) -> Iterator[str]:
    """Finds where joins and virtual fields lead to; answers those that lead nowhere."""
    plans = {slug: each.plan for slug, each in compiled.items()}
    for node in (*collection.joins, *collection.led):
        try:
            if node.joins is not None:
                node.sources = find_sources(node, collection.slug, plans)
            else:
                node.lead = find_lead(node, collection.plan, plans)
        except ConfigError as error:
            place = f"{collection.place}, field {node.dotted!r}"
            yield from (f"{place}: {problem}" for problem in error.problems)


def _without_source(collection: CompiledCollection) -> list[str]:
    """Fields whose value is made of one that is not there."""
    problems = []
    known = {node.dotted for node in collection.plan.walk()}
    for node in collection.plan.walk():
        for name in node.field.uses:
            if name not in known and ".".join((*node.path[:-1], name)) not in known:
                place = f"{collection.place}, field {node.dotted!r}"
                problems.append(f"{place}: there is no field {name!r} to make it of{did_you_mean(name, known)}")
    return problems


def _without_effect(collection: CompiledCollection) -> list[str]:
    """Options that would silently do nothing, or harm, where they stand."""
    problems = []
    for node in collection.plan.walk():
        place = f"{collection.place}, field {node.dotted!r}"
        if node.rows is not None and node.field.unique:
            problems.append(f"{place}: values inside rows cannot be unique")
        if node.rows is not None and node.field.index and not can_be_kept(node):
            problems.append(f"{place}: inside rows only single values and lists of them can be indexed")
        if node.field.save_to_jwt and collection.declaration.auth is None:
            problems.append(f"{place}: save_to_jwt is for collections with auth")
    if collection.declaration.auth is not None:
        claims = [node.field.save_to_jwt for node in collection.plan.leaves() if node.field.save_to_jwt]
        names = [node.key for node in collection.plan.leaves() if node.field.save_to_jwt is True]
        try:
            check_claims([*names, *(claim for claim in claims if isinstance(claim, str))])
        except ConfigError as error:
            problems += [f"{collection.place}: {problem}" for problem in error.problems]
    return problems


def _same_tables(compiled: Compiled) -> list[str]:
    seen: dict[str, str] = {}
    problems = []
    for found in compiled:
        other = seen.setdefault(found.table_name, found.place)
        if other != found.place:
            problems.append(f"{other} and {found.place} would share the table {found.table_name!r}")
    return problems
