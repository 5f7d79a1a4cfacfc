"""The chat's page as it is sent: complete without a script, strict about what may run on it, every text escaped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from headless import Headless
from headless.examples.messages import messages
from headless.testing import TestClient

EVIL = "<img src=x onerror=alert(1)> & \"quotes\" 'and' {{ 7 * 7 }}"

app = Headless(plugins=[messages(public=True)])


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(app) as client:
        client.users("ada@example.com", "grace@example.com")
        yield client


def write(client: TestClient, content: str, sender: int = 1, receiver: int = 2) -> None:
    client.create("messages", {"sender": sender, "receiver": receiver, "content": content})


def test_the_newest_messages_are_on_the_page(client: TestClient) -> None:
    """The newest fifty, the newest last, by whom and to whom."""
    for number in range(52):
        write(client, f"number {number}.")
    text = client.get("/chat?as=2").text
    assert "number 1." not in text
    assert text.index("number 2.") < text.index("number 51.")
    assert text.count('<b class="from">ada@example.com</b> to <span class="to">you</span>') == 50


def test_one_picks_who_one_is(client: TestClient) -> None:
    """The first user unless another is named; the other is whom one writes to."""
    write(client, "hello")
    ada, grace = client.get("/chat").text, client.get("/chat?as=2").text
    assert '<a href="/chat?as=1" aria-current="page">ada@example.com</a>' in ada
    assert '<option value="2" selected>' in ada
    assert '<a href="/chat?as=2" aria-current="page">grace@example.com</a>' in grace
    assert '<option value="1" selected>' in grace
    assert '<b class="from">You</b>' in ada
    assert client.get("/chat?as=nobody").text == ada


def test_the_form_sends_without_a_script(client: TestClient) -> None:
    """It answers with the page to look at next, where the choice of people is kept."""
    answer = client.post("/chat", data={"sender": "2", "receiver": "1", "content": "by a form"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/chat?as=2&to=1#content")
    assert "by a form" in client.get("/chat?as=2&to=1").text
    assert client.find("messages", depth=0).docs[0]["sender"] == 2


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"sender": "1", "receiver": "2", "content": ""}, "This field is required."),
        ({"sender": "1", "receiver": "2", "content": "x" * 2001}, "max length of 2000"),
        ({"sender": "1", "receiver": "99", "content": "kept"}, "invalid relationships"),
        ({}, "This field is required."),
    ],
)
def test_what_cannot_be_sent_is_said_and_kept(client: TestClient, form: dict[str, str], message: str) -> None:
    """The page comes back with the reason and the text that was typed."""
    answer = client.post("/chat", data=form)
    assert answer.status_code == 400
    assert message in answer.text
    assert f'value="{form.get("content", "")}"' in answer.text
    assert client.system.count("messages") == 0


def test_texts_are_escaped_everywhere(client: TestClient) -> None:
    """Neither a message nor what is typed into a form or an address becomes part of the page."""
    write(client, EVIL)
    refused = {"sender": "1", "receiver": '"><script>', "content": EVIL}
    for text in (client.get('/chat?as=1&to="><script>').text, client.post("/chat", data=refused).text):
        assert "<img" not in text
        assert '"><script>' not in text
        assert "&lt;img src=x onerror=alert(1)&gt;" in text
        assert "{{ 7 * 7 }}" in text


def test_only_its_own_script_and_style_may_run(client: TestClient) -> None:
    """The policy lists this server only, and there is nothing inline."""
    page = client.get("/chat")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "style=" not in page.text
    assert page.text.count("<script") == 1
    for name, kind in (("chat.js", "text/javascript"), ("ledger.css", "text/css"), ("icon.svg", "image/svg+xml")):
        file = client.get(f"/chat/{name}")
        assert file.headers["content-type"].startswith(kind)
        assert "http:" not in file.text.replace('xmlns="http:', "")
        assert "https:" not in file.text


def test_other_files_are_not_served(client: TestClient) -> None:
    """Neither templates nor modules."""
    for path in ("/chat/chat.html", "/chat/../pages.py", "/chat/%2e%2e/pages.py", "/chat/chat.py", "/chatter"):
        assert client.get(path).status_code == 404


def test_other_requests_are_refused(client: TestClient) -> None:
    """A method that means nothing here, and a form that is too large, are clear 4xx."""
    assert client.put("/chat").status_code == 405
    assert client.request("HEAD", "/chat").status_code == 200
    assert client.post("/chat", data={"content": "x" * 3_000_000}).status_code == 413
    assert client.post("/chat", content=b"\xff=\xfe&content=\x00").status_code == 400


def test_without_users_the_page_says_what_to_do() -> None:
    """There is no form that could not work."""
    with TestClient(app) as client:
        text = client.get("/chat").text
        assert "There are no users yet" in text
        assert "<form" not in text


def test_it_works_below_another_path() -> None:
    """Mounted inside another application, all addresses follow."""
    with TestClient(app) as client:
        client.user("ada@example.com")
        inner = client.app

        async def outer(scope: dict[str, object], receive: object, send: object) -> None:
            await inner({**scope, "root_path": "/site"}, receive, send)  # type: ignore[arg-type]

        client._app = outer  # type: ignore[assignment]
        text = client.get("/site/chat").text
        client._app = inner
    for link in ('href="/site/chat/ledger.css"', 'src="/site/chat/chat.js"', 'data-api="/site/api/messages"'):
        assert link in text
