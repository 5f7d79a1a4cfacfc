"""The colours keep their promise of contrast, in light and in dark (WCAG 2.2, 1.4.3 and 1.4.11)."""

from __future__ import annotations

import re

import pytest

from headless.admin_ui.assets import OWN

TOKENS = (OWN / "css" / "0-tokens.css").read_text()
ON = {
    "ink": ["paper", "surface", "sunken", "soft", "live-soft", "danger-soft", "ok-soft", "warn-soft"],
    "ink2": ["paper", "surface", "sunken", "soft", "live-soft"],
    "accent": ["surface"],
    "on": ["accent"],
    "live": ["surface", "live-soft"],
    "danger": ["surface", "paper", "danger-soft"],
    "warn": ["warn-soft"],
    "ok": ["ok-soft"],
}
TEXT = [(text, ground) for text, grounds in ON.items() for ground in grounds]
EDGES = [
    ("field", "surface"),
    ("field", "paper"),
    ("focus", "paper"),
    ("focus", "surface"),
    ("focus", "sunken"),
    ("danger", "surface"),
]


def themes() -> dict[str, dict[str, str]]:
    light, dark = TOKENS.split("@media (prefers-color-scheme: dark)")
    read = {
        name: dict(re.findall(r"--([\w-]+): (#[0-9A-F]{6})", css)) for name, css in (("light", light), ("dark", dark))
    }
    return {"light": read["light"], "dark": {**read["light"], **read["dark"]}}


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read(theme: str) -> None:
    """At least 4.5 to 1 wherever the stylesheets put one on the other."""
    colours = themes()[theme]
    assert [pair for pair in TEXT if contrast(colours[pair[0]], colours[pair[1]]) < 4.5] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_edges_can_be_seen(theme: str) -> None:
    """At least 3 to 1 for the borders of inputs and the ring of the focus."""
    colours = themes()[theme]
    assert [pair for pair in EDGES if contrast(colours[pair[0]], colours[pair[1]]) < 3] == []


def test_colours_come_from_the_tokens_only() -> None:
    """A brand changes one file."""
    for css in sorted((OWN / "css").glob("*.css"))[1:]:
        assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(", css.read_text()), css.name
