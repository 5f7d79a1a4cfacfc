"""The open chat in a world whose clock stands still, as a module that servers can import."""

from __future__ import annotations

from headless import Headless
from headless.clock import Clock
from headless.examples.messages import messages
from headless.security.passwords import LIGHT, Passwords
from headless.testing import StillClock


def chat(database: str) -> Headless:
    """A new application on a database, with one user made at its first start."""
    return Headless(
        plugins=[messages(public=True)],
        cors=["*", "http://localhost:3000", "http://localhost:5173"],
        database=database,
        secret="only for these tests, thirty-two or more",
        clock=Clock(StillClock()),
        passwords=Passwords(LIGHT),
        on_init=make_ada,
    )


async def make_ada(app: Headless) -> None:
    """The user that the article's client sends as and to."""
    if not await app.as_system().count("users"):
        ada = {"email": "ada@example.com", "password": "ink-and-ledger", "name": "Ada"}
        await app.as_system().create("users", ada)


app = chat("sqlite:///chat.db")
