"""Looking at declared rules when the application starts, so that a misspelt one is a mistake then, no refusal later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from headless.access import Rule
from headless.errors import BadRequest, ConfigError, QueryError
from headless.names import did_you_mean
from headless.operations.core import Asker, Core
from headless.query.binding import bind_rule


async def check_rules(core: Core) -> None:
    """Raises ConfigError for every where of a declared rule that names what the collection does not have."""
    system = Asker(core, system=True)
    problems = []
    for slug, collection in core.collections.items():
        known = [node.dotted for node in collection.plan.walk()]
        for operation, rule in collection.rules.items():
            for where in _wheres(rule):
                try:
                    await bind_rule(where, collection, system)
                except QueryError as error:
                    path = error.paths[0]
                    hint = did_you_mean(path, known)
                    problems.append(f"collection {slug!r}, access.{operation}: a rule cannot ask for {path!r}{hint}")
                except BadRequest:
                    # A value such as `$user.joined` takes the form of its field only when somebody asks.
                    continue
    if problems:
        raise ConfigError(problems)


def _wheres(rule: Rule) -> Iterator[Mapping[str, Any]]:
    if isinstance(rule, Mapping):
        yield rule
    elif isinstance(rule, tuple):
        for item in rule:
            yield from _wheres(item)
