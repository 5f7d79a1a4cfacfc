"""Looking at declared rules when the application starts, so that a misspelt one is a mistake then, no refusal later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from headless.access import Rule
from headless.compile.collection import CompiledCollection
from headless.errors import BadRequest, ConfigError, QueryError
from headless.names import did_you_mean
from headless.operations.core import Asker, Core
from headless.query.binding import bind_rule


async def check_rules(core: Core) -> None:
    """Raises ConfigError for every where of a rule or a field that names what the collection does not have."""
    system = Asker(core, system=True)
    problems = []
    for collection in core.compiled:
        known = [node.dotted for node in collection.plan.walk()]
        for operation, rule in collection.rules.items():
            for where in wheres(rule):
                if path := await _unknown(where, collection, system):
                    hint = did_you_mean(path, known)
                    problems.append(f"{collection.place}, access.{operation}: a rule cannot ask for {path!r}{hint}")
        for node in collection.plan.walk():
            for target, where in node.field.wheres:
                if path := await _unknown(where, core.collection(target), system):
                    place = f"{collection.place}, field {node.dotted!r}"
                    problems.append(f"{place}: its where cannot ask {target!r} for {path!r}")
    if problems:
        raise ConfigError(problems)


async def _unknown(where: Mapping[str, Any], collection: CompiledCollection, system: Asker) -> str | None:
    """The path of a where that the collection does not have, or None."""
    try:
        await bind_rule(where, collection, system)
    except QueryError as error:
        return error.paths[0]
    except BadRequest:
        # A value such as `$user.joined` takes the form of its field only when somebody asks.
        return None
    return None


def wheres(rule: Rule) -> Iterator[Mapping[str, Any]]:
    """The wheres that stand in a declared rule, alone or in a list."""
    if isinstance(rule, Mapping):
        yield rule
    elif isinstance(rule, tuple):
        for item in rule:
            yield from wheres(item)
