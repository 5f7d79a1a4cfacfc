"""The checker accepts what was recorded, whatever the ids, and nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from tests.conformance.checker import Checker, Result
from tests.conformance.compare import compare_steps
from tests.conformance.gaps import GAPS
from tests.conformance.reduce import reduce_config
from tests.conformance.selection import reduce_suite
from tests.conformance.suite import Suite, load_config, load_suite
from tests.conformance.test_reduce import FIRST_TYPES

Change = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def suite() -> Suite:
    return reduce_suite(load_suite(), reduce_config(load_config(), FIRST_TYPES, GAPS))


def replay(suite: Suite, change: Change = dict) -> list[Result]:
    """Checks the suite against a server that gives the recorded answers, each changed by a function."""
    answers = answers_in_order(suite)

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.query.endswith(b"&trash=true&depth=0"):
            return httpx2.Response(200, json={})
        return respond(change(next(answers)))

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as client:
        return list(Checker("http://127.0.0.1:1", client).check(suite))


def answers_in_order(suite: Suite) -> Iterator[dict[str, Any]]:
    """An answer for every request that the checker will make."""
    for area in suite.areas:
        cases = [{"name": "_setup", "steps": area["setup"]}] if "setup" in area else []
        for case in [*cases, *area["cases"]]:
            recorded = iter(suite.answers[f"{area['area']}/{case['name']}"]["steps"])
            for step in case["steps"]:
                for _ in range(int(step.get("repeat", 1))):
                    yield {"status": 200, "body": {}} if step.get("no_record") else next(recorded)


def respond(answer: dict[str, Any]) -> httpx2.Response:
    """A recorded answer as a response, its tokens signed by nobody."""
    status = 400 if answer["status"] >= 500 and answer.get("peer_bug") else answer["status"]
    headers = {name: value for name, value in answer.get("headers", {}).items() if value}
    if "cookie_jwt" in answer:
        headers["set-cookie"] = headers["set-cookie"].replace("<jwt>", token(answer["cookie_jwt"]))
    return httpx2.Response(status, headers=headers, content=json.dumps(with_tokens(answer["body"])).encode())


def with_tokens(value: Any) -> Any:
    """The value with every recorded payload made a token again."""
    if isinstance(value, list):
        return [with_tokens(item) for item in value]
    if isinstance(value, dict):
        return token(value["$jwt"]) if "$jwt" in value else {key: with_tokens(item) for key, item in value.items()}
    return value


def token(payload: dict[str, Any]) -> str:
    return f"eyJ0.{base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip('=')}.sig"


def test_recorded_answers_pass(suite: Suite) -> None:
    """A server that answers as recorded passes every case, and every answer is compared."""
    results = replay(suite)
    assert [(result.case, result.differences) for result in results if result.differences] == []
    assert sum(result.compared for result in results) == suite.compared


def test_another_status_fails_every_case(suite: Suite) -> None:
    """No case passes by its body alone."""
    results = replay(suite, lambda answer: {**answer, "status": 599, "peer_bug": None})
    assert [result.case for result in results if result.compared and not result.differences] == []


def test_a_missing_key_is_a_difference(suite: Suite) -> None:
    """A document without its timestamps is not the recorded one."""

    def without_timestamp(answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "body": json.loads(json.dumps(answer["body"]).replace("createdAt", "madeAt"))}

    failing = [result for result in replay(suite, without_timestamp) if not result.passed]
    assert "01-crud/messages-seed" in {result.case for result in failing}


def answered(body: Any, **more: Any) -> list[dict[str, Any]]:
    return [{"req": "GET /", "status": 200, "headers": {}, "body": body, **more}]


def test_a_label_stands_for_one_id() -> None:
    """The same label must always be the same id, of any type; different ids need different labels."""
    recorded = answered([{"id": "<id:1>"}, {"id": "<id:1>", "path": "/files/<id:1>"}])
    assert compare_steps(recorded, answered([{"id": 7}, {"id": "7", "path": "/files/7"}])) == []
    assert compare_steps(recorded, answered([{"id": 7}, {"id": 8, "path": "/files/7"}])) != []
    assert compare_steps(recorded, answered([{"id": 7}, {"id": 7, "path": "/files/8"}])) != []
    assert compare_steps(recorded, answered([{"id": None}, {"id": None, "path": "/files/7"}])) != []


def test_the_order_of_validation_errors_is_free() -> None:
    """Errors are compared by path, and their summary as a set of fields."""
    first, second = {"path": "a", "message": "x"}, {"path": "b", "message": "y"}
    recorded = answered({"errors": [first, second], "message": "The following fields are invalid: A, B"})
    given = answered({"errors": [second, first], "message": "The following fields are invalid: B, A"})
    assert compare_steps(recorded, given) == []


def test_a_bug_that_was_recorded_need_not_be_repeated_but_must_not_crash() -> None:
    """Where the recorded server was wrong, anything below 500 will do."""
    recorded = answered({"wrong": True}, peer_bug="why")
    assert compare_steps(recorded, answered({"right": True}, status=400)) == []
    assert compare_steps(recorded, answered({}, status=500)) != []
    assert compare_steps(answered({}, status=500, peer_bug="why"), answered({}, status=500)) != []


def test_a_wrong_recording_binds_no_ids() -> None:
    """Where our answer is not the recorded one, its ids are not those that the labels stand for."""
    recorded = [*answered(["<id:1>", "<id:2>"], peer_bug="why"), *answered(["<id:2>"])]
    assert compare_steps(recorded, [*answered([8]), *answered([8])]) == []
    assert compare_steps(recorded, [*answered([7, 8]), *answered([7])]) != []
