"""Templates of the project in a form: for a place without a value, and in place of a widget's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from headless import Collection, Config, ConfigError, fields, nobody
from tests.admin.ledger import USERS, application, log_in, opened


def config(folder: Path, *declared: fields.Field) -> Config:
    books = Collection("books", admin={"use_as_title": "title"}, fields=[fields.Text("title"), *declared])
    return Config(
        collections=(books, USERS), database="sqlite:///:memory:", secret="a secret of the tests, long enough",
        templates=(folder,),
    )  # fmt: skip


def test_a_ui_field_is_drawn_by_its_template(tmp_path: Path) -> None:
    """Which sees the form's document and the fields beside it; nothing of it is stored."""
    (tmp_path / "chart.html").write_text(
        "<figure>{{ c.label }} of {{ c.document.title }}: {{ c.siblings.pages }}</figure>"
    )
    chart = fields.Ui("chart", admin={"component": "chart.html"})
    group = fields.Group("size", fields=[fields.Number("pages"), chart])
    with opened(config(tmp_path, group)) as (browser, api):
        log_in(browser)
        api.create("books", {"title": "<Ink>", "size": {"pages": 12}})
        browser.open("/admin/collections/books/1")
        assert browser.page.one("figure").text == "Chart of <Ink>: 12"
        assert "<Ink>" not in browser.html
        browser.fill(title="Paper").press("Save")
        assert api.get("books", 1)["size"] == {"pages": 12}


def test_a_ui_field_without_a_template_is_a_note(tmp_path: Path) -> None:
    """Its label and its description."""
    note = fields.Ui("note", label="Mind the gap", admin={"description": "Between the lines."})
    with opened(config(tmp_path, note)) as (browser, _):
        log_in(browser).open("/admin/collections/books/create")
        assert "Mind the gap" in browser.page.one("form", id="edit").text
        assert "Between the lines." in browser.page.one("form", id="edit").text


def test_a_ui_field_is_seen_by_who_may_not_change_everything(tmp_path: Path) -> None:
    """It has no value that a rule could guard."""
    note = fields.Ui("note", label="Mind the gap")
    guarded = fields.Text("secret", access={"read": nobody, "update": nobody})
    with opened(config(tmp_path, note, guarded)) as (browser, api):
        api.create("books", {"title": "One"})
        log_in(browser).open("/admin/collections/books/1")
        assert "Mind the gap" in browser.page.one("form", id="edit").text


def test_a_field_with_a_value_is_drawn_by_a_template_and_read_by_its_widget(tmp_path: Path) -> None:
    """Only how it looks is the project's."""
    (tmp_path / "stars.html").write_text(
        "<meter>{{ c.value }}</meter><input name='{{ c.path }}' value='{{ c.value }}'>"
    )
    stars = fields.Number("stars", admin={"component": "stars.html"})
    with opened(config(tmp_path, stars)) as (browser, api):
        api.create("books", {"title": "One", "stars": 3})
        log_in(browser).open("/admin/collections/books/1")
        assert browser.page.one("meter").text == "3"
        browser.fill(stars="4").press("Save")
        assert api.get("books", 1)["stars"] == 4


def test_a_template_that_is_not_there_is_told_at_the_start(tmp_path: Path) -> None:
    """Wherever the field stands."""
    row = fields.Array("rows", fields=[fields.Row(fields=[fields.Ui("chart", admin={"component": "chrt.html"})])])
    with pytest.raises(ConfigError, match=r"collection 'books': there is no template 'chrt\.html'"):
        application(config(tmp_path, row))


def test_code_says_its_language(tmp_path: Path) -> None:
    """And keeps what is typed to the last space."""
    code = fields.Code("snippet", admin={"language": "python", "rows": 12})
    with opened(config(tmp_path, code)) as (browser, api):
        log_in(browser).open("/admin/collections/books/create")
        assert browser.page.one("div", data_f="snippet").text.endswith("python")
        assert browser.input("snippet")["class"] == "code"
        browser.fill(title="One", snippet="  if x:\n\tpass\n").press("Create")
        assert api.get("books", 1)["snippet"] == "  if x:\n\tpass\n"
        api.update("books", 1, {"snippet": "a\r\nb"})
        browser.open("/admin/collections/books/1").fill(title="Two").press("Save")
        assert api.get("books", 1)["snippet"] == "a\r\nb"
