"""What the requests that are left out would have changed, and which later ones that spoils."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from tests.conformance.queries import depth_of
from tests.conformance.routes import VARIABLE, Route, Step
from tests.conformance.shapes import Shapes

# Their effect is seen only by requests that need the same missing feature.
HARMLESS = {"forgot-password", "init", "me"}


@dataclass(slots=True)
class Effects:
    """The variables that were not captured, and the documents and lists that are not as they were recorded.

    `documents` are named by the variable that holds their id, with their collection; `lists` and `whole` are
    collections: of the first only the list differs, of the second any document may.
    """

    variables: set[str] = field(default_factory=set)
    documents: dict[str, str] = field(default_factory=dict)
    lists: set[str] = field(default_factory=set)
    whole: set[str] = field(default_factory=set)

    def copy(self) -> Effects:
        """The same effects, for a case that starts with them."""
        return replace(
            self,
            variables=set(self.variables),
            documents=dict(self.documents),
            lists=set(self.lists),
            whole=set(self.whole),
        )

    def left_out(self, step: Step, route: Route, recorded: list[Step]) -> None:
        """Notes that a step is not run."""
        self.variables.update(step.get("save", {}))
        wrote = route.writes and any(answer.get("status", 500) < 400 for answer in recorded)
        if not wrote or route.slug is None or route.action in HARMLESS:
            return
        names = VARIABLE.findall(route.path)
        if (route.kind == "list" and route.method == "POST") or route.action == "duplicate":
            self.lists.add(route.slug)
        elif route.kind == "one" and names:
            self.documents.update(dict.fromkeys(names, route.slug))
        else:
            self.whole.add(route.slug)

    def spoil(self, step: Step, route: Route, shapes: Shapes) -> str | None:
        """Why the answer to a step cannot be the recorded one, or None when it can."""
        names = set(VARIABLE.findall(json.dumps(requested(step))))
        if missing := sorted(names & self.variables):
            return f"needs {', '.join(missing)} of a step that was left out"
        if route.slug is None:
            return None
        if changed := sorted(names & set(self.documents)):
            return f"a step that was left out changes {', '.join(changed)}"
        listed = route.kind in ("list", "count") and not (route.kind == "list" and route.method == "POST")
        here = self.whole | ((self.lists | set(self.documents.values())) if listed else set())
        there = set() if depth_of(query_of(step)) == "0" else shapes.reachable(route.slug)
        if spoiled := ({route.slug} & here) | (there & (self.whole | set(self.documents.values()))):
            return f"a step that was left out changes {', '.join(sorted(spoiled))}"
        return None


def requested(step: Step) -> Any:
    """The parts of a step that make its request."""
    return {key: step[key] for key in ("req", "q", "headers", "json", "form", "body") if key in step}


def query_of(step: Step) -> str:
    """The query string of a step, which may be written as a list of parts."""
    query = step.get("q", "")
    return "&".join(query) if isinstance(query, list) else str(query)
