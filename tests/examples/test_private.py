"""Without `public`, a message is for its sender, its receiver and staff: also on the stream, and also after an edit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from headless import Collection, Headless
from headless.examples.messages import messages
from headless.testing import Stream, TestClient, User

SSE = "/api/messages/sse"

app = Headless(
    collections=[
        Collection("users", auth=True, fields=[]),
        Collection("customers", auth=True, fields=[]),
        Collection("admins", auth=True, fields=[]),
    ],
    admin={"user": "admins"},
    plugins=["messages"],
)


@dataclass
class People:
    client: TestClient
    ada: User
    grace: User
    eve: User
    boss: User

    def send(self, sender: User, receiver: User, content: str) -> int:
        """Sends a message in the sender's name; answers its id."""
        body = {"sender": sender.id, "receiver": receiver.id, "content": content}
        answer = self.client.post("/api/messages", json=body, as_=sender)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["doc"]["id"])

    def edit(self, message: int, **changes: object) -> None:
        """Changes a message, as staff may."""
        answer = self.client.patch(f"/api/messages/{message}", json=changes, as_=self.boss)
        assert answer.status_code == 200, answer.text


@pytest.fixture
def people() -> Iterator[People]:
    with TestClient(app) as client:
        ada, grace, eve = client.users("ada@example.com", "grace@example.com", "eve@example.com", collection="users")
        yield People(client, ada, grace, eve, client.user("boss@example.com"))


def contents(stream: Stream) -> list[str]:
    """What the next event's messages say."""
    event = stream.next()
    assert event.name == "message", event
    return [message["content"] for message in event.json()]


def test_a_third_user_hears_nothing_before_and_after_an_edit(people: People) -> None:
    """Neither a message between others, nor its edit, nor a change of its receiver reaches someone else's stream."""
    with people.client.stream(SSE, as_=people.eve) as stream:
        message = people.send(people.ada, people.grace, "between us")
        people.edit(message, content="still between us")
        people.edit(message, receiver=people.ada.id)
        people.edit(message, content="to myself")
        people.client.delete(f"/api/messages/{message}", as_=people.boss)
        people.send(people.grace, people.eve, "for eve")
        assert contents(stream) == ["for eve"]


def test_an_edit_that_changes_the_receiver_changes_who_hears(people: People) -> None:
    """The new receiver is told the message, the former one that it is gone, and only the new one hears what follows."""
    message = people.send(people.ada, people.grace, "hello")
    with (
        people.client.stream(SSE, as_=people.grace) as former,
        people.client.stream(SSE, as_=people.eve) as new,
        people.client.stream(SSE, as_=people.ada) as sender,
    ):
        assert contents(former) == ["hello"]
        assert contents(sender) == ["hello"]
        people.edit(message, receiver=people.eve.id, content="hello, Eve")
        people.edit(message, content="secret")
        people.send(people.ada, people.grace, "marker")
        left = former.next()
        assert (left.name, left.data) == ("leave", str(message))
        assert contents(former) == ["marker"]
        assert [contents(new), contents(new)] == [["hello, Eve"], ["secret"]]
        assert [contents(sender) for _ in range(3)] == [["hello, Eve"], ["secret"], ["marker"]]


def test_what_a_stream_begins_with_is_what_its_user_may_read(people: People) -> None:
    """Each hears his own messages, staff hear all."""
    people.send(people.ada, people.grace, "to Grace")
    people.send(people.grace, people.eve, "to Eve")
    heard = {}
    for user in (people.ada, people.grace, people.eve, people.boss):
        with people.client.stream(SSE, as_=user) as stream:
            heard[user.email] = contents(stream)
    assert heard == {
        "ada@example.com": ["to Grace"],
        "grace@example.com": ["to Eve", "to Grace"],
        "eve@example.com": ["to Eve"],
        "boss@example.com": ["to Eve", "to Grace"],
    }


def test_reading_follows_the_same_rule(people: People) -> None:
    """Lists, counts and single documents hold the user's own messages only."""
    message = people.send(people.ada, people.grace, "hello")
    client = people.client
    assert client.get("/api/messages", as_=people.grace).json()["totalDocs"] == 1
    assert client.get("/api/messages", as_=people.eve).json()["totalDocs"] == 0
    assert client.get(f"/api/messages/{message}", as_=people.ada).status_code == 200
    assert client.get(f"/api/messages/{message}", as_=people.eve).status_code == 404


def test_the_same_id_in_another_collection_is_somebody_else(people: People) -> None:
    """A customer whose id is the sender's is not the sender."""
    customer = people.client.user("customer@example.com", collection="customers")
    assert customer.id == people.ada.id
    people.send(people.ada, people.grace, "hello")
    body = {"sender": customer.id, "receiver": people.grace.id, "content": "as Ada"}
    assert people.client.get("/api/messages", as_=customer).status_code == 403
    assert people.client.post("/api/messages", json=body, as_=customer).status_code == 403


def test_nobody_sends_in_anothers_name(people: People) -> None:
    """The sender of a message is who sends it; staff may send for others."""
    body = {"sender": people.ada.id, "receiver": people.grace.id, "content": "I, Ada"}
    assert people.client.post("/api/messages", json=body, as_=people.eve).status_code == 403
    assert people.client.post("/api/messages", json=body).status_code == 403
    assert people.client.post("/api/messages", json=body, as_=people.boss).status_code == 201


def test_strangers_are_refused(people: People) -> None:
    """Who is not logged in gets neither list nor stream, and there is no chat page to pick a name on."""
    people.send(people.ada, people.grace, "hello")
    for path in ("/api/messages", SSE):
        answer = people.client.get(path)
        assert answer.status_code == 403
        assert "hello" not in answer.text
    assert people.client.get("/chat").status_code == 404


def test_addresses_are_not_shown(people: People) -> None:
    """Sender and receiver stay ids for who may not read users."""
    people.send(people.ada, people.grace, "hello")
    with people.client.stream(SSE, as_=people.grace) as stream:
        (message,) = stream.next().json()
    assert (message["sender"], message["receiver"]) == (people.ada.id, people.grace.id)


def test_a_session_that_ends_ends_its_stream(people: People) -> None:
    """After logging out nothing more is told."""
    with people.client.stream(SSE, as_=people.ada, timeout=30) as stream:
        people.client.post("/api/users/logout", as_=people.ada)
        assert list(stream) == []


def test_the_plugin_is_found_by_its_name_and_takes_its_option() -> None:
    """`plugins=["messages"]` is private; `messages(public=True)` adds the chat."""
    assert "/chat" not in app.config.mounts
    assert "/chat" in Headless(plugins=[messages(public=True)]).config.mounts
