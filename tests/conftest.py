"""What every test relies on: services are skipped loudly or required, asynchronous tests run on asyncio."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import dev
from headless.testing.client import fresh_database as fresh_url
from tests import services
from tests.postgres import Connected, made_database

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def required() -> set[str]:
    """The services TEST_REQUIRE names. Raises UsageError for one that does not exist."""
    names = {name.strip() for name in os.environ.get("TEST_REQUIRE", "").split(",")} - {""}
    unknown = names - set(services.MISSING)
    if unknown:
        known = ", ".join(services.MISSING)
        raise pytest.UsageError(f"TEST_REQUIRE names {', '.join(sorted(unknown))}; there are {known}")
    return names


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    reasons = [reason for name in sorted(required()) if (reason := services.MISSING[name]())]
    if reasons:
        pytest.exit("TEST_REQUIRE: " + "; ".join(reasons), returncode=1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for name, missing in services.MISSING.items():
            if item.get_closest_marker(name) and (reason := missing()):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test of a required service fails when it is skipped, whoever skipped it."""
    report = yield
    demanded = [name for name in required() if item.get_closest_marker(name)]
    if report.skipped and demanded:
        report.outcome = "failed"
        report.longrepr = f"TEST_REQUIRE={','.join(demanded)}, but this was skipped: {skip_reason(report)}"
    return report


def skip_reason(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return str(report.longrepr)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Names what was not run and why, in bold: nothing is left out silently."""
    skipped = Counter(skip_reason(report) for report in terminalreporter.stats.get("skipped", []))
    for reason, number in sorted(skipped.items()):
        tests = "test" if number == 1 else "tests"
        terminalreporter.write_line(f"NOT RUN: {number} {tests} – {reason}", bold=True, yellow=True)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for a module of synchronous tests marked `browser`: Playwright's loop holds the thread."""
    from playwright.sync_api import sync_playwright

    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=dev.find_chromium(), args=sandbox)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL server that tests may write to."""
    with services.postgres() as url:
        yield url


EITHER = frozenset({"admin", "operations", "query", "rest", "streams", "testing"})
"""The folders of tests that are run on both databases: what they promise must not depend on which one it is."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs a test on SQLite and on PostgreSQL if it asks for `database_kind`, or is in one of these folders."""
    if "database_kind" not in metafunc.fixturenames:
        folder = metafunc.definition.path.parent
        is_of_both = folder.parent == Path(__file__).parent and folder.name in EITHER
        if not is_of_both or metafunc.definition.get_closest_marker("browser"):
            return
        metafunc.fixturenames.insert(0, "database_kind")
    kinds = ["sqlite"]
    if not metafunc.definition.get_closest_marker("sqlite"):
        kinds.append(pytest.param("postgresql", marks=pytest.mark.postgres))  # type: ignore[arg-type]
    metafunc.parametrize("database_kind", kinds, indirect=True, scope="module")


@pytest.fixture(scope="module")
def database_kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """`sqlite` or `postgresql`: what `TestClient` runs on while the test does."""
    kind: str = request.param
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("HEADLESS_TEST_DATABASE", raising=False)
        if kind == "postgresql":
            patch.setenv("HEADLESS_TEST_DATABASE", request.getfixturevalue("postgres_url"))
        yield kind


@pytest.fixture
def database_url(database_kind: str) -> str:
    """The URL of a private database of that kind."""
    return fresh_url()


@pytest.fixture(scope="session")
def postgres(postgres_url: str) -> Iterator[Connected]:
    """A connection to a database of its own, for synchronous tests."""
    with made_database(postgres_url) as connected:
        yield connected


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL of a Redis server that tests may write to."""
    with services.redis_server() as url:
        yield url
