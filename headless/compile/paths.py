"""Where paths of a declaration lead: through references to another document, and back from those that refer here."""

from __future__ import annotations

from collections.abc import Mapping

from headless.compile.plan import Lead, Node, Plan
from headless.errors import ConfigError
from headless.names import did_you_mean

Plans = Mapping[str, Plan]


def find_sources(join: Node, slug: str, plans: Plans) -> tuple[tuple[str, Node], ...]:
    """The fields that a join comes from, each with its collection. Raises ConfigError with all mistakes."""
    problems = [] if join.rows is None else ["a join cannot stand in the rows of another field"]
    sources: list[tuple[str, Node]] = []
    for target in join.joins.joined:
        if target not in plans:
            problems.append(f"there is no collection {target!r}{did_you_mean(target, plans)}")
            continue
        referring = {node.dotted: node for node in plans[target].references()}
        node = referring.get(join.joins.on)
        if node is None:
            near = did_you_mean(join.joins.on, referring)
            problems.append(f"collection {target!r} has no reference {join.joins.on!r}{near}")
        elif slug not in node.slugs:
            problems.append(f"{join.joins.on!r} of collection {target!r} does not refer to {slug!r}")
        else:
            sources.append((target, node))
    if problems:
        raise ConfigError(problems)
    return tuple(sources)


def find_lead(node: Node, plan: Plan, plans: Plans) -> Lead:
    """Where the path of a virtual field leads. Raises ConfigError when it leads to no stored value elsewhere."""
    path = str(node.field.leads)
    steps: list[tuple[Node, str]] = []
    names = path.split(".")
    for place, name in enumerate(names):
        found = plan.by_key.get(name)
        if found is None:
            raise ConfigError(f"virtual {path!r}: there is no field {name!r}{did_you_mean(name, plan.by_key)}")
        if place == len(names) - 1:
            return _ending(path, steps, found)
        plan = _behind(path, found, plans, steps)
    raise AssertionError(path)


def _behind(path: str, node: Node, plans: Plans, steps: list[tuple[Node, str]]) -> Plan:
    """The fields that a path goes on to behind one: those inside it, or those of the document it refers to."""
    if "" in node.plans:
        return node.plans[""]
    if node.refers is None or node.refers.polymorphic or len(node.slugs) != 1 or node.field.is_open:
        raise ConfigError(f"virtual {path!r}: {node.key!r} is neither a group nor a reference to one collection")
    slug = node.slugs[0]
    if slug not in plans:
        raise ConfigError(f"virtual {path!r}: there is no collection {slug!r}")
    steps.append((node, slug))
    return plans[slug]


def _ending(path: str, steps: list[tuple[Node, str]], end: Node) -> Lead:
    if not steps:
        raise ConfigError(f"virtual {path!r}: the path leads through no reference")
    if not end.stored or end.unlogged or (end.plans and end.flat):
        raise ConfigError(f"virtual {path!r}: {end.key!r} is not a stored value")
    return Lead(tuple(steps), end)
