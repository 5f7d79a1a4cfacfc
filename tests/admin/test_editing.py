"""A document's form: every type of field made, changed, refused and deleted without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.admin.ledger import log_in, opened
from tests.admin.plain_browser import PlainBrowser

POSTS = "/admin/collections/posts"


@pytest.fixture
def visit() -> Iterator[tuple[PlainBrowser, Any]]:
    """Ada at a magazine with two tags."""
    with opened() as (browser, api):
        api.create("tags", {"name": "Paper"})
        api.create("tags", {"name": "Ink"})
        log_in(browser)
        yield browser, api


def test_every_type_of_field_is_stored(visit: tuple[PlainBrowser, Any]) -> None:
    """What is typed is what is stored, and what the form shows next."""
    browser, api = visit
    browser.open(f"{POSTS}/create")
    assert browser.value("status") == "draft"
    browser.fill(
        title="A quiet launch", rating="4.5", contact="ada@example.com", summary="Two\nlines", meta='{"a": [1, null]}'
    )
    browser.fill(
        inside="folded", seo__title="Quiet", address__city="Bern", publishedAt="2026-01-31T09:30", slug="quiet"
    )
    browser.type("status", "published").type("author", "2").type("related", "tags:2")
    browser.check("channels", "web").check("channels", "mail").check("layout", "narrow").check("featured").check(
        "tags", "2"
    )
    browser.press("Create")
    assert browser.url == f"{POSTS}/1"
    assert browser.notice() == "Created."
    stored = api.get("posts", 1, depth=0)
    expected = {
        "title": "A quiet launch", "rating": 4.5, "contact": "ada@example.com", "summary": "Two\nlines",
        "meta": {"a": [1, None]}, "inside": "folded", "status": "published", "channels": ["web", "mail"],
        "layout": "narrow", "author": 2, "tags": [2], "related": {"relationTo": "tags", "value": 2}, "featured": True,
        "publishedAt": "2026-01-31T09:30:00.000Z", "slug": "quiet",
    }  # fmt: skip
    assert {name: stored[name] for name in expected} == expected
    assert (stored["seo"]["title"], stored["address"]["city"]) == ("Quiet", "Bern")
    assert browser.value("publishedAt") == "2026-01-31T09:30"
    assert browser.value("related") == "tags:2"


def test_saving_without_a_change_changes_nothing(visit: tuple[PlainBrowser, Any]) -> None:
    """No new revision, no event: a click is not a change."""
    browser, api = visit
    post = {
        "title": "As it is", "publishedAt": "2026-01-31T09:30:12.345Z", "meta": {"x": 1.5}, "summary": "a\nb",
        "links": [{"label": "Home"}], "tags": [2, 1], "related": {"relationTo": "tags", "value": 1},
    }  # fmt: skip
    made = api.create("posts", post)
    browser.open(f"{POSTS}/1").press("Save")
    assert "Nothing was different" in browser.notice()
    assert api.get("posts", 1, depth=0) == made


def test_errors_are_told_at_the_field_and_in_a_summary(visit: tuple[PlainBrowser, Any]) -> None:
    """All at once, with every value kept, and tied to their inputs for those who cannot see."""
    browser, api = visit
    browser.open(f"{POSTS}/create").fill(rating="eleven", contact="nobody", meta='{"a": }', summary="kept").press(
        "Create"
    )
    assert browser.status == 422
    browser.fill(meta="").press("Create")
    assert browser.status == 422
    summary = browser.problems()
    assert "3 fields need attention" in summary
    for name in ("title", "rating", "contact"):
        field = browser.input(name)
        assert field["aria-invalid"] == "true"
        error = browser.page.one(id=field["aria-describedby"].split()[-1])
        assert error.text in summary
        link = next(link for link in browser.page.every("a") if link["href"] == f"#{field['id']}")
        assert link.text
    assert (browser.value("rating"), browser.value("summary")) == ("eleven", "kept")
    assert api.count("posts") == 0


def test_an_error_opens_what_it_is_in(visit: tuple[PlainBrowser, Any]) -> None:
    """The tab is chosen, the row is open, both say how many there are."""
    browser, api = visit
    api.create("posts", {"title": "One", "links": [{"label": f"Link {number}"} for number in range(9)]})
    browser.open(f"{POSTS}/1").fill(links__7__label="").press("Save")
    assert browser.status == 422
    assert "Links 8 > Label" in browser.problems()
    row = browser.input("links.7.label").above("details")
    assert "open" in row.attributes
    assert "1 to correct" in row.one("summary").text
    assert "open" not in browser.input("links.3.label").above("details").attributes
    chosen = [
        each
        for each in browser.page.every("input", type="radio")
        if each["name"].startswith("_tab") and "checked" in each.attributes
    ]
    assert chosen[0].above("label").text == "Links 1 to correct"


def test_a_value_that_must_be_unique_is_told(visit: tuple[PlainBrowser, Any]) -> None:
    """Like any other error."""
    browser, api = visit
    api.create("posts", {"title": "One", "slug": "taken"})
    browser.open(f"{POSTS}/create").fill(title="Two", slug="taken").press("Create")
    assert browser.status == 422
    assert browser.input("slug")["aria-invalid"] == "true"


def test_rows_are_added_moved_copied_and_removed(visit: tuple[PlainBrowser, Any]) -> None:
    """By buttons that send the form; nothing is stored until it is saved."""
    browser, api = visit
    api.create("posts", {"title": "One", "links": [{"label": "A", "notes": [{"note": "deep"}]}, {"label": "B"}]})
    before = api.get("posts", 1, depth=0)["links"]
    browser.open(f"{POSTS}/1").fill(title="Kept").press("Add link").fill(links__2__label="C")
    browser.press("Move up", value="up:links.2").press("Duplicate", value="copy:links.0").press(
        "Remove", value="remove:links.3"
    )
    browser.press("Add row", value="add:links.0.notes").fill(links__0__notes__1__note="deeper")
    assert "Not saved yet" in browser.page.text
    assert api.get("posts", 1, depth=0)["links"] == before
    browser.press("Save")
    stored = api.get("posts", 1, depth=0)
    assert stored["title"] == "Kept"
    assert [row["label"] for row in stored["links"]] == ["A", "A", "C"]
    assert [note["note"] for note in stored["links"][0]["notes"]] == ["deep", "deeper"]
    assert stored["links"][0]["id"] == before[0]["id"]
    assert len({row["id"] for row in stored["links"]}) == 3
    assert stored["links"][1]["notes"][0]["id"] != before[0]["notes"][0]["id"]


def test_a_condition_hides_a_field_until_it_holds(visit: tuple[PlainBrowser, Any]) -> None:
    """It is asked again with every answer."""
    browser, _ = visit
    browser.open(f"{POSTS}/create")
    assert not browser.page.every(name="featuredNote")
    browser.check("featured").fill(title="One").press("Create").fill(featuredNote="Because").press("Save")
    assert browser.value("featuredNote") == "Because"


def test_many_documents_are_searched_for(visit: tuple[PlainBrowser, Any]) -> None:
    """When there are too many for a list, the form finds some, and keeps everything else that was typed."""
    browser, api = visit
    for number in range(60):
        api.create("tags", {"name": f"Tag {number}"})
    api.create("posts", {"title": "One", "tags": [1]})
    browser.open(f"{POSTS}/1").fill(title="Typed")
    browser.type("tags._find", "tag 37").press("Find", value="find:tags")
    labels = [each.text for each in browser.page.one("fieldset", data_f="tags").every("label")]
    assert labels == ["Paper", "Tag 37"]
    found = browser.page.every("input", name="tags", type="checkbox")[1]["value"]
    browser.check("tags", found).press("Save")
    stored = api.get("posts", 1, depth=0)
    assert (stored["title"], stored["tags"]) == ("Typed", [1, int(found)])


def test_two_people_at_once_lose_nothing(visit: tuple[PlainBrowser, Any]) -> None:
    """Who saves second is shown both values of what both changed, and has the other's where only they changed it."""
    browser, api = visit
    api.create("posts", {"title": "Old", "summary": "Old", "slug": "old"})
    browser.open(f"{POSTS}/1").fill(title="Mine", contact="mine@example.com")
    api.update("posts", 1, {"title": "Theirs", "summary": "Theirs"})
    browser.press("Save")
    assert browser.status == 409
    assert "Somebody else changed this" in browser.page.one("main").text
    assert (browser.value("title"), browser.value("summary"), browser.value("contact")) == (
        "Mine",
        "Theirs",
        "mine@example.com",
    )
    theirs = next(each for each in browser.page.every("div") if each.has_class("theirs"))
    assert "Theirs" in theirs.text
    assert api.get("posts", 1)["title"] == "Theirs"
    browser.press("Take theirs")
    assert browser.value("title") == "Theirs"
    browser.fill(title="Ours").press("Save")
    stored = api.get("posts", 1)
    assert (stored["title"], stored["summary"], stored["contact"]) == ("Ours", "Theirs", "mine@example.com")


def test_a_change_elsewhere_in_the_document_is_taken_over(visit: tuple[PlainBrowser, Any]) -> None:
    """Also when it comes between two buttons."""
    browser, api = visit
    api.create("posts", {"title": "Old", "summary": "Old"})
    browser.open(f"{POSTS}/1").fill(title="Mine").press("Add link").fill(links__0__label="Home")
    api.update("posts", 1, {"summary": "Theirs"})
    browser.press("Save")
    assert browser.status == 409
    browser.press("Save")
    stored = api.get("posts", 1)
    assert (stored["title"], stored["summary"], stored["links"][0]["label"]) == ("Mine", "Theirs", "Home")


def test_deleting_asks_first(visit: tuple[PlainBrowser, Any]) -> None:
    """And says so afterwards."""
    browser, api = visit
    api.create("posts", {"title": "One"})
    browser.open(f"{POSTS}/1").follow("Delete…")
    assert api.count("posts") == 1
    browser.follow("Keep it").follow("Delete…").press("Delete post")
    assert (browser.url, browser.notice()) == (POSTS, "Deleted.")
    assert api.count("posts") == 0
    assert browser.open(f"{POSTS}/1").status == 404


def test_a_password_is_written_twice_and_never_shown(visit: tuple[PlainBrowser, Any]) -> None:
    """Left empty it stays as it is."""
    browser, _ = visit
    browser.open("/admin/collections/users/create").fill(
        email="eve@example.com", password="longenough", password___again="different"
    )
    browser.press("Create")
    assert "not the same" in browser.problems()
    assert browser.value("password") == ""
    browser.fill(password="longenough", password___again="longenough").press("Create")
    assert browser.notice() == "Created."
    browser.fill(name="Eve").press("Save")
    assert browser.notice() == "Saved."
    browser.client.cookies.clear()
    log_in(browser, "eve@example.com", "longenough")
    assert browser.page.one("h1").text == "Dashboard"


def test_what_may_only_be_read_is_text(visit: tuple[PlainBrowser, Any]) -> None:
    """And what may not be read is not there."""
    browser, api = visit
    api.create("posts", {"title": "One", "reviewed": "by Grace", "internal": "secret words"})
    browser.open(f"{POSTS}/1")
    assert not browser.page.every(name="reviewed")
    assert "by Grace" in browser.page.one("main").text
    assert "secret words" not in browser.html
    assert "internal" not in browser.html.lower()
    browser.client.post(f"{POSTS}/1", data={"title": "Two", "reviewed": "by me", "internal": "x"})
    stored = api.get("posts", 1)
    assert (stored["title"], stored["reviewed"], stored["internal"]) == ("Two", "by Grace", "secret words")


def test_a_document_that_may_only_be_read_has_no_buttons(visit: tuple[PlainBrowser, Any]) -> None:
    """Nor does its address take a form."""
    browser, api = visit
    api.create("messages", {"content": "for Ada", "sender": 1})
    api.create("messages", {"content": "for Grace", "sender": 2})
    browser.open("/admin/collections/messages/1")
    main = browser.page.one("main")
    assert "for Ada" in main.text
    assert "Ada" in main.one("div", data_f="sender").text
    assert not [button for button in main.every("button") if button.text in ("Save", "Delete…")]
    assert browser.client.post("/admin/collections/messages/1", data={"content": "x"}).status_code == 403
    assert browser.client.post("/admin/collections/messages/1/delete").status_code == 403
    assert browser.open("/admin/collections/messages/2").status == 404


@pytest.mark.parametrize(
    "path",
    [f"{POSTS}/999", f"{POSTS}/x", f"{POSTS}/1/x", f"{POSTS}/-1", f"{POSTS}/{'9' * 40}", f"{POSTS}/1.5", "/admin/x"],
)
def test_what_is_not_there_is_not_found(visit: tuple[PlainBrowser, Any], path: str) -> None:
    """With a way back."""
    browser, _ = visit
    browser.open(path)
    assert browser.status == 404
    browser.follow("Go to the dashboard")


@pytest.mark.parametrize(
    "sent",
    [
        {"title": "x" * 5000},
        {"title": "\0"},
        {"title": "\ud800"},
        {"links": "", "links.0": "x", "links.0.label.x": "1"},
        {"_do": "up:links.0"},
        {"_do": "add:nothing"},
        {"_do": "theirs:title"},
        {"_do": "find:title"},
        {"_do": "burn:x"},
        {"_do": ""},
        {"author": "999"},
        {"author": "x"},
        {"tags": "1:2:3"},
        {"related": "nothing:1"},
        {"related": "users:1"},
        {"rating": "9" * 5000},
        {"publishedAt": "9999-99-99T99:99"},
        {"publishedAt": "0001-01-01T00:00", "_zone": "Asia/Tokyo"},
        {"status": "nothing"},
        {"meta": "[" * 50_000},
        {"address.city": "x", "address": "y"},
        {"_rev": "title:x", "title": "y"},
    ],
)
def test_no_form_breaks_the_page(visit: tuple[PlainBrowser, Any], sent: dict[str, str]) -> None:
    """Whatever is sent is stored, refused or ignored, and the page stands."""
    browser, api = visit
    api.create("posts", {"title": "One"})
    encoded = {name: value.encode("utf-8", "surrogatepass") for name, value in sent.items()}
    answer = browser.client.post(f"{POSTS}/1", data=encoded)
    assert answer.status_code in (200, 303, 409, 422, 400), answer.text
    assert browser.open(f"{POSTS}/1").status == 200


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data; boundary=x", b"garbage"),
        ("multipart/form-data", b"--x"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n1\r\n--x--\r\n',
        ),
        ("application/json", b'{"title": "x"}'),
        ("application/x-www-form-urlencoded", b"%ff=%ff&title=%00&=&&;"),
        ("application/x-www-form-urlencoded", b"a=" + b"x" * 3_000_000),
        ("application/x-www-form-urlencoded", b"&".join(b"links.%d.label=x" % number for number in range(30_000))),
        ("text/plain\xff", b"x"),
    ],
)
def test_no_body_breaks_the_page(visit: tuple[PlainBrowser, Any], kind: str, body: bytes) -> None:
    """What cannot be read, or is too large, is refused in words."""
    browser, api = visit
    api.create("posts", {"title": "One"})
    headers = {b"content-type": kind.encode("latin-1"), b"origin": b"http://admin.example"}
    answer = browser.client.post(f"{POSTS}/1", content=body, headers=headers)
    assert answer.status_code in (200, 303, 400, 413, 422), answer.text
    assert api.get("posts", 1)["title"] in ("One", None)


def test_a_document_is_duplicated(visit: tuple[PlainBrowser, Any]) -> None:
    """As the form shows it, saved or not; the original stays as it is, and the copy is the page that follows."""
    browser, api = visit
    api.create("posts", {"title": "One", "slug": "one", "links": [{"label": "A"}], "meta": {"x": 1}})
    before = api.get("posts", 1, depth=0)
    browser.open(f"{POSTS}/1").fill(title="Not saved", links__0__label="B").press(
        "Duplicate", formaction=f"{POSTS}/1/duplicate"
    )
    assert (browser.url, browser.notice()) == (f"{POSTS}/2", "This is the copy.")
    copy = api.get("posts", 2, depth=0)
    assert (copy["title"], copy["slug"], copy["meta"]) == ("Not saved", "one - Copy", {"x": 1})
    assert [row["label"] for row in copy["links"]] == ["B"]
    assert copy["links"][0]["id"] != before["links"][0]["id"]
    assert api.get("posts", 1, depth=0) == before


def test_a_copy_that_is_refused_loses_nothing(visit: tuple[PlainBrowser, Any]) -> None:
    """The form says what is wrong and keeps what was typed; it is then still that of the original."""
    browser, api = visit
    api.create("posts", {"title": "One", "slug": "one"})
    api.create("posts", {"title": "Two", "slug": "one - Copy"})
    duplicate = {"formaction": f"{POSTS}/1/duplicate"}
    browser.open(f"{POSTS}/1").fill(summary="typed").press("Duplicate", **duplicate)
    assert browser.status == 422
    assert (browser.input("slug")["aria-invalid"], browser.value("summary")) == ("true", "typed")
    browser.fill(slug="three").press("Duplicate", **duplicate)
    assert (browser.url, browser.value("slug"), browser.value("summary")) == (f"{POSTS}/3", "three", "typed")
    assert api.get("posts", 1, depth=0)["summary"] is None


def test_nothing_is_duplicated_by_a_link_or_against_the_rules(visit: tuple[PlainBrowser, Any]) -> None:
    """Opening the address shows the document; users, who log in, have no such button."""
    browser, api = visit
    api.create("posts", {"title": "One"})
    browser.open(f"{POSTS}/1/duplicate")
    assert browser.url == f"{POSTS}/1"
    assert api.count("posts") == 1
    browser.open("/admin/collections/users/1")
    assert not [button for button in browser.page.every("button") if button.text == "Duplicate"]
    browser.client.post("/admin/collections/users/1/duplicate", headers={"origin": "http://admin.example"})
    assert api.count("users") == 2
