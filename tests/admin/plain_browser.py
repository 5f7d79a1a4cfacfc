"""A browser without JavaScript and without pictures: it follows links, fills in forms and presses their buttons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from starlette.testclient import TestClient

VOID = frozenset({"input", "meta", "link", "br", "hr", "img"})


@dataclass
class Element:
    """A part of a page."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)
    parent: Element | None = None

    def __getitem__(self, name: str) -> str:
        return self.attributes.get(name, "")

    @property
    def text(self) -> str:
        """Its words, with single spaces."""
        return " ".join(" ".join(self._words()).split())

    def _words(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            else:
                yield from child._words()

    def every(self, tag: str = "", **attributes: str) -> list[Element]:
        """The elements in it with that tag and these attributes; `_` in a name stands for `-`."""
        wanted = {name.strip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [each for each in self._below() if each._is(tag, wanted)]

    def one(self, tag: str = "", **attributes: str) -> Element:
        """The only such element."""
        found = self.every(tag, **attributes)
        assert len(found) == 1, f"{len(found)} of <{tag} {attributes}>"
        return found[0]

    def has_class(self, name: str) -> bool:
        return name in self["class"].split()

    def above(self, tag: str) -> Element:
        """The nearest such element around it."""
        node = self.parent
        while node is not None and node.tag != tag:
            node = node.parent
        assert node is not None, f"no <{tag}> around"
        return node

    def _below(self) -> Iterator[Element]:
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child._below()

    def _is(self, tag: str, wanted: dict[str, str]) -> bool:
        if tag and self.tag != tag:
            return False
        return all(name in self.attributes and self.attributes[name] == value for name, value in wanted.items())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self.open = Element("document")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, parent=self.open)
        self.open.children.append(element)
        if tag not in VOID:
            self.open = element

    def handle_endtag(self, tag: str) -> None:
        node: Element | None = self.open
        while node is not None and node.tag != tag:
            node = node.parent
        if node is not None and node.parent is not None:
            self.open = node.parent

    def handle_data(self, data: str) -> None:
        self.open.children.append(data)


def read_page(html: str) -> Element:
    """A page as elements."""
    reader = _Reader()
    reader.feed(html)
    return reader.root


class PlainBrowser:
    """One visitor, with cookies, and the page that is open."""

    def __init__(self, app: Any) -> None:
        self.client = TestClient(app, base_url="http://admin.example", follow_redirects=False)
        self.page = Element("document")
        self.url = "/"
        self.status = 0
        self.html = ""
        self.headers: Any = {}

    def __enter__(self) -> PlainBrowser:
        self.client.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.client.__exit__(*error)

    def open(self, path: str) -> PlainBrowser:
        """Opens a page, following redirects."""
        return self._send("GET", path, None)

    def _send(self, method: str, path: str, pairs: list[tuple[str, str]] | None) -> PlainBrowser:
        sent: dict[str, Any] = {}
        if pairs is not None and method == "POST":
            sent = {"data": _grouped(pairs), "headers": {"origin": "http://admin.example"}}
        elif pairs is not None:
            sent = {"params": pairs}
        for _ in range(5):
            response = self.client.request(method, path, **sent)
            if response.status_code not in (303, 307):
                break
            method, path, sent = "GET", urljoin(path, response.headers["location"]), {}
            assert not urlsplit(path).netloc, path
        self.status, self.html, self.headers = response.status_code, response.text, response.headers
        url = urlsplit(str(response.request.url))
        self.url = url.path + (f"?{url.query}" if url.query else "")
        self.page = read_page(self.html)
        return self

    def follow(self, text: str) -> PlainBrowser:
        """Clicks the link with that text."""
        links = [link for link in self.page.every("a") if link.text == text]
        assert links, f"no link {text!r} in {[link.text for link in self.page.every('a')]}"
        return self.open(urljoin(self.url, links[0]["href"]))

    def input(self, name: str) -> Element:
        """The input, select or textarea of that name that can be seen."""
        fields = [each for each in self.page.every(name=name) if each["type"] != "hidden" and each.tag != "button"]
        assert len(fields) == 1, f"{len(fields)} inputs {name!r}"
        return fields[0]

    def value(self, name: str) -> str:
        """What the input shows."""
        return _value(self.input(name))

    def fill(self, **values: str) -> PlainBrowser:
        """Types into inputs; `__` in a name stands for a dot."""
        for name, value in values.items():
            self.type(name.replace("__", "."), value)
        return self

    def type(self, name: str, value: str) -> PlainBrowser:
        """Types into an input, or chooses an option by its value."""
        field = self.input(name)
        if field.tag == "textarea":
            field.children = [value]
        elif field.tag == "select":
            options = field.every("option")
            assert value in [option["value"] for option in options], [option["value"] for option in options]
            for option in options:
                option.attributes.pop("selected", None)
                if option["value"] == value:
                    option.attributes["selected"] = ""
        else:
            field.attributes["value"] = value
        return self

    def check(self, name: str, value: str = "on", *, on: bool = True) -> PlainBrowser:
        """Ticks a box or chooses a radio button, or unticks a box."""
        box = self.page.one("input", name=name, value=value)
        if box["type"] == "radio":
            for other in self.page.every("input", name=name, type="radio"):
                other.attributes.pop("checked", None)
        box.attributes.pop("checked", None)
        if on:
            box.attributes["checked"] = ""
        return self

    def press(self, text: str, **attributes: str) -> PlainBrowser:
        """Presses the button with that text, the last one where a hidden one comes first."""
        buttons = [button for button in self.page.every("button", **attributes) if button.text == text]
        assert buttons, f"no button {text!r} in {[button.text for button in self.page.every('button')]}"
        button = buttons[-1]
        form = button.above("form")
        pairs = [*_successful(form)]
        if button["name"]:
            pairs.append((button["name"], button["value"]))
        where = button["formaction"] or form["action"] or self.url
        return self._send(form["method"].upper() or "GET", urljoin(self.url, where), pairs)

    def problems(self) -> str:
        """The summary of errors, or the notice that something failed."""
        return " ".join(each.text for each in self.page.every() if each.has_class("sum"))

    def notice(self) -> str:
        """What the page says of the one before."""
        return " ".join(
            each.text for each in self.page.every("p") if each.has_class("notice") and "hidden" not in each.attributes
        )


def _grouped(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value.replace("\n", "\r\n"))
    return grouped


def _successful(form: Element) -> Iterator[tuple[str, str]]:
    """What a form sends, in the order of the page (HTML, section 4.10.21.4)."""
    for each in form.every():
        if each.tag not in ("input", "select", "textarea") or not each["name"] or "disabled" in each.attributes:
            continue
        if each["type"] in ("checkbox", "radio") and "checked" not in each.attributes:
            continue
        if each.tag == "select" and not each.every("option"):
            continue
        yield each["name"], _value(each)


def _value(element: Element) -> str:
    if element.tag == "textarea":
        return "".join(child for child in element.children if isinstance(child, str)).removeprefix("\n")
    if element.tag == "select":
        options = element.every("option")
        chosen = [option for option in options if "selected" in option.attributes] or options[:1]
        return chosen[0]["value"]
    return element["value"] if "value" in element.attributes else "on" if element["type"] == "checkbox" else ""
