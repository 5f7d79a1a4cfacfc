"""What projects and plugins add to the admin, and the names by which they do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from headless import Config, ConfigError, Request, fields, plugin
from headless.admin import SLOTS, Extension, FormReader, FormWidget, Page, Slot, extend
from headless.declaration import declaration
from tests.admin import ledger
from tests.admin.ledger import log_in, opened

POSTS = "/admin/collections/posts"


def write(folder: Path, **templates: str) -> Path:
    """Templates in a folder; `__` in a name stands for a slash."""
    for name, text in templates.items():
        path = folder / f"{name.replace('__', '/')}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_a_project_overrides_a_template_and_extends_the_original(tmp_path: Path) -> None:
    """`headless/…` names what is overridden."""
    original = '{% extends "headless/dashboard.html" %}{% block main %}<p>Our own words.</p>{{ super() }}{% endblock %}'
    declared = ledger.config(templates=(write(tmp_path, dashboard=original),))
    with opened(declared) as (browser, _):
        log_in(browser)
        main = browser.page.one("main").text
        assert "Our own words." in main
        assert "Posts" in main


def test_a_plugin_overrides_a_template_and_the_project_overrides_the_plugin(tmp_path: Path) -> None:
    """The project has the last word."""
    theirs = write(
        tmp_path / "plugin", fields__email="<p>{{ c.label }} of the plugin</p>", fields__number="<p>of the plugin</p>"
    )
    ours = write(tmp_path / "project", fields__number="<p>of the project</p>")
    declared = extend(ledger.config(templates=(ours,)), Extension("theirs", templates=theirs))
    with opened(declared) as (browser, _):
        log_in(browser).open(f"{POSTS}/create")
        words = browser.page.one("main").text
        assert "Contact of the plugin" in words
        assert "of the project" in words


def test_every_slot_is_on_a_page(tmp_path: Path) -> None:
    """Each shows what is put into it, escaped, with what its `load` answers."""

    async def load(request: Request) -> Mapping[str, Any]:
        return {"loaded": f"<{await request.api.count('posts')} posts>"}

    names = {name: f"slot_{number}" for number, name in enumerate(SLOTS)}
    templates = {file: f"<b data-slot='{name}'>{{{{ loaded|default('') }}}}</b>" for name, file in names.items()}
    write(tmp_path, **templates)
    slots = {name: [Slot(f"{file}.html", load)] for name, file in names.items()}
    with opened(extend(ledger.config(), Extension("all", templates=tmp_path, slots=slots))) as (browser, api):
        api.create("posts", {"title": "One"})
        assert browser.open("/admin/login").status == 200
        log_in(browser)
        pages = {name: POSTS if name.startswith("list") else "/admin" for name in SLOTS}
        pages |= {"edit.sidebar": f"{POSTS}/1", "account": "/admin/account"}
        for name, path in pages.items():
            place = browser.open(path).page.one("b", data_slot=name)
            assert name == "list.row.actions" or place.text == "<1 posts>"


def test_a_project_fills_a_slot_by_the_name_of_a_file(tmp_path: Path) -> None:
    """Without a line of Python."""
    (tmp_path / "slots").mkdir()
    (tmp_path / "slots" / "edit.sidebar.html").write_text(
        "<p>{{ doc.title if doc else 'new' }} in {{ entry.plural }}</p>"
    )
    with opened(ledger.config(templates=(tmp_path,))) as (browser, api):
        api.create("posts", {"title": "<One>"})
        log_in(browser).open(f"{POSTS}/1")
        assert "<One> in Posts" in browser.page.one("aside").text


def test_a_plugin_adds_a_page(tmp_path: Path) -> None:
    """In the navigation, inside the shell, for those it is for."""

    async def load(request: Request) -> Mapping[str, Any]:
        return {"total": await request.api.count("posts")}

    write(
        tmp_path,
        report='{% extends "page.html" %}{% block main %}<h1>{{ title }}</h1><p>{{ total }} in all</p>{% endblock %}',
    )
    pages = [
        Page("/report", "report.html", "Report", load, label="Report", group="Numbers"),
        Page(
            "/secret",
            "report.html",
            "Secret",
            load,
            label="Secret",
            access=lambda user: user["email"] == "grace@example.com",
        ),
    ]

    @plugin("numbers")
    def numbers(config: Config) -> Config:
        return extend(config, Extension("numbers", templates=tmp_path, pages=pages))

    with opened(ledger.config(plugins=(numbers,))) as (browser, _):
        assert browser.open("/admin/report").url.startswith("/admin/login")
        log_in(browser).follow("Report")
        assert "0 in all" in browser.page.one("main").text
        assert browser.page.one("a", aria_current="page").text == "Report"
        assert "Secret" not in browser.page.one("nav").text
        assert browser.open("/admin/secret").status == 404
        browser.client.cookies.clear()
        assert log_in(browser, "grace@example.com").follow("Secret").status == 200


def test_a_plugin_adds_a_widget(tmp_path: Path) -> None:
    """A field type names it; its template, its reading and its cell come with the plugin."""

    class Colour(FormWidget):
        def read(self, form: FormReader, name: str, field: Any, stored: Any) -> Any:
            return "#" + (form.text(name) or "").lower()

        def show(self, field: Any, value: Any, zone: Any) -> Any:
            return (value or "").removeprefix("#")

    @declaration
    class Shade(fields.Text):
        widget: ClassVar[str] = "colour"

    write(tmp_path, fields__colour='<input name="{{ c.path }}" value="{{ c.value }}">')
    write(tmp_path, cells__colour="{% macro cell(value, column, tools) %}<i>shade {{ value }}</i>{% endmacro %}")
    inks = ledger.TAGS.__class__(
        "inks", fields=[fields.Text("name"), Shade("shade")], admin={"default_columns": ["name", "shade"]}
    )
    extension = Extension("colours", templates=tmp_path, widgets={"colour": Colour()})
    with opened(extend(ledger.config().with_collections(inks), extension)) as (browser, api):
        log_in(browser).open("/admin/collections/inks/create").fill(name="Blue", shade="2A49A8").press("Create")
        assert api.get("inks", 1)["shade"] == "#2a49a8"
        assert browser.value("shade") == "2a49a8"
        assert browser.open("/admin/collections/inks").page.one("i").text == "shade #2a49a8"


def test_a_plugin_serves_files_and_modules(tmp_path: Path) -> None:
    """Under an address that changes with their content, kept for ever."""
    (tmp_path / "extra.js").write_text("export {}")
    declared = extend(ledger.config(), Extension("extra", static=tmp_path, modules=["extra.js"]))
    with opened(declared) as (browser, _):
        log_in(browser)
        sources = [script["src"] for script in browser.page.every("script")]
        mine = next(source for source in sources if source.endswith("/extra/extra.js"))
        answer = browser.client.get(mine)
        assert answer.text == "export {}"
        assert "immutable" in answer.headers["cache-control"]
        assert browser.client.get(re.sub(r"static/\w+/", "static/0000/", mine)).status_code == 404
        assert browser.client.get(mine.replace("extra.js", "..%2f..%2fpyproject.toml")).status_code == 404


@pytest.mark.parametrize("path", ["report", "/login", "/collections/x", "/static/x", "/Report", "/a b", "/a?b"])
def test_a_page_cannot_take_the_admins_own_paths(path: str) -> None:
    """A mistake is told when it is made."""
    with pytest.raises(ConfigError):
        Page(path, "x.html", "X")


def test_an_unknown_slot_names_the_nearest() -> None:
    """A mistake is told when it is made."""
    with pytest.raises(ConfigError, match=r"dashboard\.card'.*dashboard\.cards"):
        Extension("x", slots={"dashboard.card": ["x.html"]})


def test_an_extension_of_the_same_name_takes_the_others_place(tmp_path: Path) -> None:
    """A plugin that is enabled twice adds nothing twice."""
    write(tmp_path, one="<i>once</i>")
    extension = Extension("one", templates=tmp_path, slots={"nav": ["one.html"]})
    with opened(extend(extend(ledger.config(), extension), extension)) as (browser, _):
        log_in(browser)
        assert len(browser.page.every("i")) == 1
