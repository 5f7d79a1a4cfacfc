"""The test client: a fresh application for each block, asked as whom one likes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from headless import Config, ConfigError, Endpoint, Forbidden, Headless, NotFound
from headless.mail import ConsoleMail, Message
from headless.testing import StillClock, TestClient
from tests.testing.shop import app


def test_every_block_has_a_fresh_application() -> None:
    """What one test stores, another does not find, though both test the same object."""
    for _ in range(2):
        with TestClient(app) as client:
            assert client.get("/api/posts").json()["totalDocs"] == 0
            client.create("posts", {"title": "Hello"})
            assert client.get("/api/posts").json()["totalDocs"] == 1


def test_the_declared_application_itself_is_not_touched() -> None:
    """No database is opened for the object at module level, and the copy is another one."""
    with TestClient(app) as client:
        assert client.app is not app
        assert client.app.database_url == "sqlite:///:memory:"
        assert client.app.config.secret != app.config.secret


def test_plugins_are_applied_once() -> None:
    """The copy is made from what was declared, not from what the plugins made of it."""
    with TestClient(app) as client:
        assert client.get("/api/tills").json() == {"tills": 3}


def test_a_config_can_be_tested_without_an_application() -> None:
    """`TestClient(config)` makes the application itself."""
    with TestClient(Config(), cookie_prefix="shop") as client:
        assert client.app.config.cookie_prefix == "shop"
        assert client.get("/api/users/init").json() == {"initialized": False}


def test_what_is_no_application_is_refused() -> None:
    """The message says what is wanted."""
    with pytest.raises(TypeError, match="takes a Headless application or a Config, not str"):
        TestClient("shop.app:app")  # type: ignore[arg-type]


def test_options_replace_those_of_the_config() -> None:
    """Any option of the config can be another one for a test; an unknown one is named."""
    with TestClient(app, max_limit=1) as client:
        assert client.get("/api/posts?limit=2").status_code == 400
    with pytest.raises(ConfigError, match="max_limits"):
        TestClient(app, max_limits=1)


def test_outside_of_its_block_a_client_says_how_it_is_used() -> None:
    """Before and after it, every call is refused with the remedy."""
    client = TestClient(app)
    with pytest.raises(RuntimeError, match="with TestClient"):
        client.get("/api/posts")
    with client, pytest.raises(RuntimeError, match="in use already"), client:
        pass
    with pytest.raises(RuntimeError, match="with TestClient"):
        client.create("posts", {"title": "late"})


def test_an_application_that_does_not_start_says_why() -> None:
    """What `on_init` raises reaches the test."""

    def refuse(app: Headless) -> None:
        raise ValueError("no shelves")

    with pytest.raises(ValueError, match="no shelves"), TestClient(app, on_init=refuse):
        pass


def test_requests_are_made_as_the_user_that_is_named() -> None:
    """`as_` logs in; without it nobody asks."""
    with TestClient(app) as client:
        ada, grace = client.users("ada@example.com", "grace@example.com")
        assert client.get("/api/whoami").json()["user"] is None
        assert client.get("/api/whoami", as_=ada).json()["user"] == "ada@example.com"
        assert client.get("/api/whoami", as_=grace).json()["user"] == "grace@example.com"
        assert client.get("/api/whoami").json()["user"] is None


def test_users_of_any_collection_with_any_fields() -> None:
    """`collection` and further fields are given by name; a user is also the document."""
    with TestClient(app) as client:
        customer = client.user("Eve@Example.com", collection="customers", name="Eve", password="long enough")
        assert (customer.email, customer.collection, customer["name"]) == ("eve@example.com", "customers", "Eve")
        assert client.get("/api/customers/me", as_=customer).json()["user"]["id"] == customer.id
        credentials = {"email": customer.email, "password": customer.password}
        assert client.post("/api/customers/login", json=credentials).status_code == 200


def test_a_session_that_was_ended_can_be_opened_again() -> None:
    """After logging out requests are nobody's; `login` opens the next session."""
    with TestClient(app) as client:
        ada = client.user("ada@example.com")
        assert client.post("/api/users/logout", as_=ada).status_code == 200
        assert client.get("/api/whoami", as_=ada).json()["user"] is None
        client.login(ada)
        assert client.get("/api/whoami", as_=ada).json()["user"] == "ada@example.com"


def test_as_takes_users_only() -> None:
    """A plain document is refused: it has no password to log in by."""
    with TestClient(app) as client:
        document = client.create("users", {"email": "ada@example.com", "password": "long enough"})
        with pytest.raises(TypeError, match=r"client\.user"):
            client.get("/api/whoami", as_=document)
        with pytest.raises(TypeError, match=r"client\.user"):
            client.find("posts", as_=document)  # type: ignore[arg-type]


def test_a_request_says_everything_a_request_can() -> None:
    """Query strings, headers, JSON, forms, raw bodies and letters of any script arrive as they were given."""
    with TestClient(app) as client:
        answer = client.get("/api/whoami?where[a][equals]=1", headers={"X-Shop": "yes"}).json()
        assert answer["query"] == {"where": {"a": {"equals": "1"}}}
        assert answer["header"] == "yes"
        assert client.get("/api/whoami", params={"q": "Grüße & 春"}).json()["query"] == {"q": "Grüße & 春"}
        assert client.post("/api/echo", json={"a": "ü"}).json()["type"] == "application/json"
        assert client.post("/api/echo", data={"a": "1"}).json()["body"] == "a=1"
        assert client.post("/api/echo", content="plain").json()["body"] == "plain"
        assert client.request("OPTIONS", "/api/posts").status_code == 200
        with pytest.raises(ValueError, match="begins with a slash"):
            client.get("api/posts")


def test_documents_by_every_method() -> None:
    """POST, GET, PATCH, DELETE, as somebody who may."""
    with TestClient(app) as client:
        ada = client.user("ada@example.com")
        assert client.post("/api/posts", json={"title": "One"}).status_code == 403
        id = client.post("/api/posts", json={"title": "One"}, as_=ada).json()["doc"]["id"]
        assert client.patch(f"/api/posts/{id}", json={"title": "Two"}, as_=ada).json()["doc"]["title"] == "Two"
        assert client.delete(f"/api/posts/{id}", as_=ada).status_code == 200
        assert client.get(f"/api/posts/{id}").status_code == 404


def test_the_local_api_as_the_system_or_as_somebody() -> None:
    """The helpers act as the system, as a user, or with `as_=None` as nobody; what is refused is raised."""
    with TestClient(app) as client:
        ada = client.user("ada@example.com")
        customer = client.user("eve@example.com", collection="customers")
        post = client.create("posts", {"title": "By the system"})
        assert client.create("posts", {"title": "By Ada"}, as_=ada)["title"] == "By Ada"
        with pytest.raises(Forbidden):
            client.create("posts", {"title": "By nobody"}, as_=None)
        assert client.find("posts", as_=None).total_docs == 2
        assert client.get_document("posts", post["id"], as_=None)["title"] == "By the system"
        with pytest.raises(Forbidden):
            client.update_document("posts", post["id"], {"title": "By Eve"}, as_=customer)
        assert client.update_document("posts", post["id"], {"title": "New"})["title"] == "New"
        assert client.delete_document("posts", post["id"], as_=ada)["title"] == "New"
        with pytest.raises(NotFound):
            client.get_document("posts", post["id"])


def test_the_whole_local_api_is_there() -> None:
    """`client.system` and `client.api(user)` are the synchronous local API."""
    with TestClient(app) as client:
        ada = client.user("ada@example.com")
        for title in ("b", "a"):
            client.system.create("posts", {"title": title})
        assert client.api(ada).distinct("posts", "title") == ["a", "b"]
        assert client.api().count("posts") == 2


def test_a_users_rights_are_those_of_now() -> None:
    """The local API asks for the user as he is, not as he was created."""
    with TestClient(app) as client:
        eve = client.user("eve@example.com", collection="customers", name="Eve")
        client.update_document("customers", eve.id, {"name": "Eva"})
        assert [found["name"] for found in client.find("customers", as_=eve).docs] == ["Eva"]


def test_coroutines_run_where_the_application_runs() -> None:
    """`client.run` waits for one; a call of the client inside it is refused instead of waiting for ever."""
    with TestClient(app) as client:
        assert client.run(client.app.as_system().count("posts")) == 0

        async def inside() -> None:
            client.get("/api/posts")

        with pytest.raises(RuntimeError, match="wait for itself"):
            client.run(inside())


def test_a_handler_that_fails_answers_as_it_would_in_production() -> None:
    """An unexpected error is a 500 that says nothing of its cause."""
    with TestClient(app) as client:
        answer = client.get("/api/breaks")
        assert answer.status_code == 500
        assert "fire" not in answer.text


def test_the_clock_is_the_tests() -> None:
    """A clock that stands still gives equal times, and moving it ends sessions."""
    clock = StillClock()
    with TestClient(app, clock=clock) as client:
        ada = client.user("ada@example.com")
        assert ada["createdAt"] == "2026-01-01T00:00:00.000Z"
        assert client.get("/api/whoami", as_=ada).json()["user"] == "ada@example.com"
        clock.move(60 * 60 * 24)
        assert client.create("posts", {"title": "Tomorrow"})["createdAt"] == "2026-01-02T00:00:00.000Z"
        assert client.get("/api/whoami", as_=ada).json()["user"] is None


def test_mail_stays_in_the_outbox() -> None:
    """What the application sends is read from the client."""
    with TestClient(app) as client:
        client.run(client.app.mail.send(Message("ada@example.com", "Welcome", "Hello Ada")))
        assert client.outbox.last.subject == "Welcome"
        client.app.mail = ConsoleMail()
        with pytest.raises(RuntimeError, match="ConsoleMail"):
            _ = client.outbox


def test_hooks_that_ran_are_noted() -> None:
    """Each declared kind that ran is named once, in order; kinds that nothing is declared for are not."""
    with TestClient(app) as client:
        client.create("posts", {"title": "  Hello  "})
        assert client.fired == ["posts.before_change", "posts.after_read", "posts.after_change"]
        client.fired.clear()
        assert client.get("/api/posts").json()["docs"][0]["title"] == "Hello"
        assert client.fired == ["posts.after_read"]


def test_passwords_cost_nothing_in_tests() -> None:
    """The hashes are the light ones, so that creating users does not make a suite slow."""
    with TestClient(app) as client:
        client.user("ada@example.com")
        stored = client.run(client.app.database.inspect(lambda connection: _password(connection)))
        assert "m=8,t=1,p=1" in stored


def test_a_request_that_does_not_end_is_given_up_with_its_name() -> None:
    """Every wait is bounded, and says what was waited for."""

    async def never(request: Any) -> None:
        await asyncio.Event().wait()

    stuck = app.declared.with_endpoints(Endpoint("get", "/stuck", never))
    with TestClient(stuck, timeout=0.1) as client, pytest.raises(TimeoutError, match="GET /api/stuck: nothing within"):
        client.get("/api/stuck")


def _password(connection: Any) -> str:
    return str(connection.exec_driver_sql("SELECT _password FROM users").scalar_one())
