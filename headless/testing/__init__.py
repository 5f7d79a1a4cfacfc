"""Testing an application: a client that runs it in memory, users, live streams and rows of scenarios.

Needs the extra `testing`: `pip install 'headless-content[testing]'`.

    from headless.testing import TestClient
    from shop.app import app

    def test_only_staff_may_write():
        with TestClient(app) as client:
            ada = client.user("ada@example.com")
            assert client.post("/api/posts", json={"title": "Hello"}).status_code == 403
            assert client.post("/api/posts", json={"title": "Hello"}, as_=ada).status_code == 201
"""

from headless.testing.client import SYSTEM, TestClient
from headless.testing.clock import StillClock
from headless.testing.scenario import Scenario, run_scenarios
from headless.testing.sse import StreamEvent
from headless.testing.stream import Stream
from headless.testing.user import User

__all__ = ["SYSTEM", "Scenario", "StillClock", "Stream", "StreamEvent", "TestClient", "User", "run_scenarios"]
