"""Scenarios: HTTP behaviour as rows, run one by one or all together."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from headless.testing import Scenario, TestClient, User, run_scenarios
from tests.testing.shop import app


def prepare(client: TestClient) -> Mapping[str, User]:
    client.create("posts", {"title": "Hello"})
    return {"ada": client.user("ada@example.com"), "eve": client.user("eve@example.com", collection="customers")}


WRITE = ("posts.before_change", "posts.after_read", "posts.after_change")

SCENARIOS = [
    Scenario(
        "a stranger reads", "GET", "/api/posts", contains='"title":"Hello"', not_contains=["password", "ada@"],
        hooks=["posts.after_read"],
    ),
    Scenario("a stranger may not write", "POST", "/api/posts", body={"title": "No"}, status=403, hooks=[]),
    Scenario("a user writes", "POST", "/api/posts", who="ada", body={"title": " Two "}, status=201,
             contains=['"title":"Two"', "successfully"], hooks=WRITE),
    Scenario("a customer changes nothing", "PATCH", "/api/posts/1", who="eve", body={"title": "Mine"}, status=403),
    Scenario("headers are sent", "GET", "/api/whoami", headers={"X-Shop": "open"}, contains='"header":"open"'),
]  # fmt: skip


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_rows(scenario: Scenario) -> None:
    """Each row runs against a fresh application, under its own name."""
    scenario.run(app, prepare)


def test_rows_all_together() -> None:
    """`run_scenarios` needs no pytest."""
    run_scenarios(app, SCENARIOS, prepare)


def test_a_row_that_fails_says_all_that_differs() -> None:
    """Status, texts and hooks are compared at once, and the answer is shown."""
    row = Scenario(
        "wrong in every way", "GET", "/api/posts", who="ada", status=201, contains="Goodbye", not_contains="Hello",
        hooks=["posts.before_change"],
    )  # fmt: skip
    with pytest.raises(AssertionError) as failure:
        row.run(app, prepare)
    text = str(failure.value)
    assert text.startswith("wrong in every way: GET /api/posts as ada\n")
    for part in (
        "status 200, expected 201",
        "does not contain 'Goodbye'",
        "it contains 'Hello'",
        "hooks posts.after_read; expected posts.before_change",
        "the answer was 200: {",
    ):
        assert part in text


def test_every_failing_row_is_named() -> None:
    """One failure does not hide the next."""
    rows = [
        Scenario("first", "GET", "/api/posts", status=418),
        Scenario("good", "GET", "/api/posts"),
        Scenario("second", "GET", "/api/nothing"),
    ]
    with pytest.raises(AssertionError) as failure:
        run_scenarios(app, rows)
    assert "first: GET" in str(failure.value)
    assert "second: GET" in str(failure.value)
    assert "good: GET" not in str(failure.value)


def test_a_name_that_prepare_does_not_know_is_said() -> None:
    """With the names that there are."""
    with pytest.raises(ValueError, match="no user 'bob', only ada, eve"):
        Scenario("who", "GET", "/api/posts", who="bob").run(app, prepare)


def test_the_answer_can_be_looked_at_further() -> None:
    """`run` returns it."""
    assert Scenario("one", "GET", "/api/posts/1").run(app, prepare).json()["title"] == "Hello"
