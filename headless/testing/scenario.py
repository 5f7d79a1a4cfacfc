"""HTTP behaviour as rows: who asks what, and what the answer holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any

from headless.app import Headless
from headless.config import Config
from headless.testing.client import TestClient, shown
from headless.testing.user import User

if TYPE_CHECKING:
    import httpx2

Prepare = Callable[[TestClient], Mapping[str, User] | None]
"""Fills a fresh application and answers the users by the names that scenarios call them."""


@dataclass(frozen=True)
class Scenario:
    """One request and what is expected of its answer.

    `who` is one of the names that `prepare` answers, nobody when it is left out. `body` is sent as JSON. `contains` and
    `not_contains` are texts in the answer's body. `hooks` are the collections' hooks that run, in order, as
    `posts.before_change`; what ran for `prepare` does not count.

        @pytest.mark.parametrize("scenario", [
            Scenario("a stranger reads", "GET", "/api/posts", contains='"title":"Hello"', not_contains="Draft"),
            Scenario("a stranger may not write", "POST", "/api/posts", body={"title": "Hello"}, status=403),
        ], ids=str)
        def test_posts(scenario):
            scenario.run(app, prepare)
    """

    name: str
    method: str
    url: str
    _: KW_ONLY
    who: str | None = None
    body: Any = None
    headers: Mapping[str, str] | None = None
    status: int = 200
    contains: str | Sequence[str] = ()
    not_contains: str | Sequence[str] = ()
    hooks: Sequence[str] | None = None

    def __str__(self) -> str:
        return self.name

    def run(self, app: Headless | Config, prepare: Prepare | None = None, **options: Any) -> httpx2.Response:
        """Runs it against a fresh application, made with these options of TestClient. Raises AssertionError."""
        with TestClient(app, **options) as client:
            people = prepare(client) if prepare is not None else None
            return self.check(client, people or {})

    def check(self, client: TestClient, people: Mapping[str, User]) -> httpx2.Response:
        """Runs it against an application that is prepared."""
        if self.who is not None and self.who not in people:
            raise ValueError(f"{self.name}: prepare answers no user {self.who!r}, only {', '.join(people) or 'nobody'}")
        user = people[self.who] if self.who is not None else None
        if user is not None:
            client.login(user)
        client.fired.clear()
        response = client.request(self.method, self.url, as_=user, json=self.body, headers=self.headers)
        differences = list(self._differences(response, client.fired))
        if differences:
            asked = f"{self.name}: {self.method} {self.url}" + (f" as {self.who}" if self.who else "")
            raise AssertionError("\n  ".join([asked, *differences, f"the answer was {shown(response)}"]))
        return response

    def _differences(self, response: httpx2.Response, fired: Sequence[str]) -> Iterator[str]:
        if response.status_code != self.status:
            yield f"status {response.status_code}, expected {self.status}"
        for text in _texts(self.contains):
            if text not in response.text:
                yield f"it does not contain {text!r}"
        for text in _texts(self.not_contains):
            if text in response.text:
                yield f"it contains {text!r}"
        if self.hooks is not None and list(self.hooks) != list(fired):
            yield f"hooks {', '.join(fired) or 'none'}; expected {', '.join(self.hooks) or 'none'}"


def run_scenarios(
    app: Headless | Config, scenarios: Iterable[Scenario], prepare: Prepare | None = None, **options: Any
) -> None:
    """Runs each against a fresh application of its own. Raises AssertionError with every one that failed."""
    failures = []
    for scenario in scenarios:
        try:
            scenario.run(app, prepare, **options)
        except AssertionError as failure:
            failures.append(str(failure))
    if failures:
        raise AssertionError("\n".join(failures))


def _texts(given: str | Sequence[str]) -> Sequence[str]:
    return (given,) if isinstance(given, str) else given
