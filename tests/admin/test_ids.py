"""Documents with ids of every kind in the admin: made, linked to, chosen, followed, changed and deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from headless import Collection, Config, fields
from headless.testing import TestClient
from tests.admin.ledger import PASSWORD, log_in, opened
from tests.admin.plain_browser import PlainBrowser, read_page

ODD = ["plain", "two words", "a/b", "a/delete", "x:y", "100%", "ä?#&=", "..x", '"<b>']
CONFIG = Config(
    collections=[
        Collection(
            "users", auth=True, admin={"use_as_title": "name"}, fields=[fields.Text("id"), fields.Text("name")]
        ),
        Collection("named", fields=[fields.Text("id"), fields.Text("title")]),
        Collection("numbered", fields=[fields.Number("id"), fields.Text("title")]),
        Collection("by-uuid", id_type="uuid", fields=[fields.Text("title")]),
        Collection("links", fields=[
            fields.Text("title"),
            fields.Relationship("one", relation_to="named"),
            fields.Relationship("several", relation_to="by-uuid", has_many=True),
            fields.Relationship("any", relation_to=["named", "numbered", "by-uuid"]),
        ]),
    ],
    database="sqlite:///:memory:", secret="a secret of the tests, long enough",
)  # fmt: skip


@pytest.fixture
def visit() -> Iterator[tuple[PlainBrowser, Any]]:
    """Ada, whose id has a slash, at an application with every kind of ids."""
    with opened(CONFIG, users=False) as (browser, api):
        api.create("users", {"id": "ada/1", "name": "Ada", "email": "ada@example.com", "password": PASSWORD})
        log_in(browser)
        yield browser, api


def address(slug: str, id: Any) -> str:
    return f"/admin/collections/{slug}/{quote(str(id), safe='')}"


@pytest.mark.parametrize("id", ODD)
def test_a_document_is_made_changed_and_deleted_under_its_id(visit: tuple[PlainBrowser, Any], id: str) -> None:
    """The form asks for the id when the document is made, and only shows it ever after."""
    browser, api = visit
    browser.open("/admin/collections/named/create")
    assert "required" in browser.input("id").attributes
    browser.fill(id=id, title="First").press("Create")
    assert (browser.url, browser.notice()) == (address("named", id), "Created.")
    assert browser.page.every("input", name="id") == []
    browser.fill(title="Second").press("Save")
    assert (browser.url, browser.notice()) == (address("named", id), "Saved.")
    assert api.get("named", id)["title"] == "Second"
    browser.open("/admin/collections/named").follow("Second")
    assert browser.url == address("named", id)
    browser.follow("Delete…").press("Delete named")
    assert browser.notice() == "Deleted."
    assert api.count("named") == 0


def test_an_id_that_is_missing_or_taken_is_told_beside_its_field(visit: tuple[PlainBrowser, Any]) -> None:
    """What was typed stays."""
    browser, api = visit
    api.create("numbered", {"id": 5})
    browser.open("/admin/collections/numbered/create")
    browser.fill(id="", title="kept").press("Create")
    assert "This field is required." in browser.problems()
    browser.fill(id="5").press("Create")
    assert "Value must be unique" in browser.problems()
    browser.fill(id="1.5").press("Create")
    assert "An id is a whole number." in browser.problems()
    browser.fill(id="6").press("Create")
    assert browser.url == address("numbered", 6)
    assert api.get("numbered", 6)["title"] == "kept"


def test_a_sent_id_does_not_rename_a_document(visit: tuple[PlainBrowser, Any]) -> None:
    """Not even from a page that was tampered with."""
    browser, api = visit
    api.create("named", {"id": "a", "title": "A"})
    browser.open(address("named", "a"))
    browser._send("POST", address("named", "a"), [("id", "b"), ("title", "B")])
    assert [(doc["id"], doc["title"]) for doc in api.find("named").docs] == [("a", "B")]


def test_references_are_chosen_by_ids_of_every_kind(visit: tuple[PlainBrowser, Any]) -> None:
    """In a list, among several, and of any collection; a reload shows what was chosen."""
    browser, api = visit
    for id in ODD:
        api.create("named", {"id": id, "title": f"named {id}"})
    api.create("numbered", {"id": 7, "title": "seven"})
    made = [api.create("by-uuid", {"title": name})["id"] for name in ("one", "two")]
    browser.open("/admin/collections/links/create")
    browser.fill(title="L").type("one", "x:y").check("several", made[1]).type("any", "named:x:y").press("Create")
    assert browser.notice() == "Created."
    expected = {"one": "x:y", "several": [made[1]], "any": {"relationTo": "named", "value": "x:y"}}
    assert {key: api.get("links", 1, depth=0)[key] for key in expected} == expected
    assert (browser.value("one"), browser.value("any")) == ("x:y", "named:x:y")
    browser.type("any", "numbered:7").press("Save")
    assert api.get("links", 1, depth=0)["any"] == {"relationTo": "numbered", "value": 7}
    browser.type("any", f"by-uuid:{made[0]}").press("Save")
    assert api.get("links", 1, depth=0)["any"] == {"relationTo": "by-uuid", "value": made[0]}


def test_documents_are_searched_by_text_ids(visit: tuple[PlainBrowser, Any]) -> None:
    """By a part of one, beside the title; a UUID or a number is searched whole."""
    browser, api = visit
    api.create("named", {"id": "red-apple", "title": "x"})
    api.create("named", {"id": "pear", "title": "y"})
    one = api.create("by-uuid", {"title": "z"})["id"]
    api.create("by-uuid", {"title": "w"})
    browser.open("/admin/collections/named?q=apple")
    assert "red-apple" in browser.page.text
    assert "pear" not in browser.page.text
    browser.open(f"/admin/collections/by-uuid?q={one}")
    assert browser.page.one("tbody").every("a")[0].text == "z"
    assert len(browser.page.one("tbody").every("tr")) == 1


@pytest.mark.parametrize("id", [*ODD, "%2F", "a%2Fb/c", "%25"])
def test_an_open_page_follows_a_document_by_its_id(id: str) -> None:
    """The row links to it, and says by whom it was changed."""
    with TestClient(CONFIG) as client:
        ada = client.user("ada@example.com", id="ada/1", name="Ada")
        client.create("named", {"id": id, "title": "A"})
        page = client.get(address("named", id), as_=ada)
        live = read_page(page.text).one("form", id="edit")["data-edit"]
        with client.stream(live, as_=ada) as stream:
            client.update_document("named", id, {"title": "B"}, as_=ada)
            told = json.loads(next(event for event in stream if event.name == "row").data)
        assert (told["id"], told["by"]) == (id, "users/ada%2F1")
        assert f'href="{address("named", id)}"' in told["row"]
        assert client.get(f"/admin/_who/{told['by']}", as_=ada).text == "Ada"
        assert 'data-me="users/ada%2F1"' in page.text
