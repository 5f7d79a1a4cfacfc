"""Reduces the recorded cases and answers to what the reduced configuration can be asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tests.conformance.answers import reduce_answer
from tests.conformance.effects import Effects, query_of
from tests.conformance.gaps import declared
from tests.conformance.queries import UsesDropped, reduce_query
from tests.conformance.reduce import Reduction
from tests.conformance.routes import Route, Step, collection_of, find_route, missing_feature, parameters
from tests.conformance.suite import Area, LeftOut, Suite

Answers = list[Step]


def reduce_suite(suite: Suite, reduction: Reduction) -> Suite:
    """The part of the recorded suite that the reduced configuration can be asked."""
    return _Reducer(suite, reduction).reduce()


class _Reducer:
    def __init__(self, suite: Suite, reduction: Reduction) -> None:
        self.suite = suite
        self.reduction = reduction
        self.shapes = reduction.shapes
        self.result = Suite()
        self.everywhere: set[str] = set()

    def reduce(self) -> Suite:
        for area in self.suite.areas:
            self.result.areas.append(self._area(area))
        return self.result

    def _area(self, area: Area) -> Area:
        reduced: Area = {"area": area["area"]}
        common = Effects(variables=set(self.everywhere))
        if "clean" in area:
            reduced["clean"] = self._clean(area["clean"])
        if area.get("setup"):
            setup = self._case({"name": "_setup", "steps": area["setup"]}, area["area"], common)
            reduced["setup"] = setup["steps"]
        reduced["cases"] = []
        for case in area["cases"]:
            effects = common.copy()
            effects.variables |= self.everywhere
            reduced["cases"].append(self._case(case, area["area"], effects))
            if case.get("global"):
                self.everywhere |= effects.variables
        return reduced

    def _clean(self, slugs: Sequence[str]) -> list[str]:
        return [slug for slug in slugs if self.reduction.feature_of(slug) is None]

    def _case(self, case: Step, area: str, effects: Effects) -> Step:
        name = f"{area}/{case['name']}"
        recorded = self.suite.answers[name]
        answers = iter(recorded["steps"])
        steps: list[Step] = []
        compared: Answers = []
        for number, step in enumerate(case["steps"], 1):
            own = list(_own_answers(step, answers))
            kept, kept_answers, reason = self._step(step, own, effects)
            if kept is not None:
                steps.append(kept)
                compared += kept_answers
            if reason is not None:
                runs = kept is not None
                self.result.left_out.append(LeftOut(name, number, step["req"], reason, runs))
        self.result.answers[name] = {**recorded, "steps": compared}
        self.result.counts[name] = (len(compared), len(recorded["steps"]))
        reduced = {**case, "steps": steps}
        if "clean" in case:
            reduced["clean"] = self._clean(case["clean"])
        return reduced

    def _step(self, step: Step, own: Answers, effects: Effects) -> tuple[Step | None, Answers, str | None]:
        """The step as it can be made, the answers to compare, and why it is not made or not compared."""
        route = find_route(step, self.reduction.original)
        try:
            reduced = self._request(step, route)
        except UsesDropped as reason:
            effects.left_out(step, route, own)
            return None, [], str(reason)
        if spoiled := effects.spoil(reduced, route, self.shapes):
            if route.method == "DELETE" and route.kind == "one" and not spoiled.startswith("needs"):
                # It still tidies up for the cases that follow.
                return {**reduced, "no_record": True}, [], spoiled
            effects.left_out(step, route, own)
            return None, [], spoiled
        maybe = [reduce_answer(answer, route, self.shapes) for answer in own]
        answers = [answer for answer in maybe if answer is not None]
        if len(answers) < len(own):
            effects.left_out(step, route, own)
            return None, [], "only dropped fields were refused"
        if _is_emptied(step, reduced):
            failed = any(answer.get("status", 200) >= 400 for answer in own)
            return None if failed else {**reduced, "no_record": True}, [], "writes dropped fields only"
        effects.variables.update(_uncaptured(reduced, own, answers))
        return reduced, answers, None

    def _request(self, step: Step, route: Route) -> Step:
        if feature := missing_feature(step, route, self.reduction):
            raise UsesDropped(feature)
        reduced = dict(step)
        if "q" in step and route.slug:
            needed = parameters(route, self.reduction)
            reduced["q"] = reduce_query(query_of(step), route.slug, self.shapes, needed)
        if route.slug and route.carries_document:
            self._refuse_effects(step, route.slug)
            if isinstance(step.get("json"), dict):
                reduced["json"] = self.shapes.document(step["json"], route.slug)
            if isinstance(step.get("form", {}).get("_payload"), dict):
                payload = self.shapes.document(step["form"]["_payload"], route.slug)
                reduced["form"] = {**step["form"], "_payload": payload}
        elif route.slug and isinstance(step.get("json"), dict):
            for key in step["json"]:
                if self.shapes.is_dropped(route.slug, [key]):
                    raise UsesDropped(f"the key {key}")
        return reduced

    def _refuse_effects(self, step: Step, slug: str) -> None:
        gaps = declared(collection_of(self.reduction, slug), self.reduction.gaps.documents)
        body = step.get("json")
        for gap in gaps.values():
            if isinstance(body, dict) and any(key in body for key in gap.effects):
                raise UsesDropped(gap.feature)


def _own_answers(step: Step, answers: Iterator[Step]) -> Iterator[Step]:
    """The recorded answers of one step: one for each time it is repeated, none when it was not recorded."""
    for _ in range(0 if step.get("no_record") else int(step.get("repeat", 1))):
        yield next(answers)


def _is_emptied(step: Step, reduced: Step) -> bool:
    return bool(step.get("json")) and reduced.get("json") == {}


def _uncaptured(step: Step, recorded: Answers, reduced: Answers) -> set[str]:
    """The variables that the recorded answer has and the reduced one has lost."""
    if not recorded:
        return set()
    paths = {name: path.split(".") for name, path in step.get("save", {}).items()}
    before, after = recorded[-1].get("body"), reduced[-1].get("body")
    return {name for name, path in paths.items() if _has(before, path) and not _has(after, path)}


def _has(body: Any, path: Sequence[str]) -> bool:
    for part in path:
        if isinstance(body, list) and part.isdigit() and int(part) < len(body):
            body = body[int(part)]
        elif isinstance(body, dict) and part in body:
            body = body[part]
        else:
            return False
    return True
