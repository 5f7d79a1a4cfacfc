"""Nothing in the documentation leads to nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.markdown import DOCS, ROOT, anchors, links, name_of, pages

LARGEST_PICTURE = 150 * 1024


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    """Files that are linked to exist, and so do the headings."""
    for link in links(page):
        if "://" in link or link.startswith("mailto:"):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), f"{name_of(page)} links to {link}"
        assert target.is_relative_to(ROOT), f"{name_of(page)} links to {link}, which is not in a clone"
        if anchor:
            assert anchor in anchors(target), f"{name_of(page)} links to {link}: there is no such heading"


def test_every_page_can_be_reached() -> None:
    """From the README one comes to every page by links."""
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        seen.add(page)
        for link in links(page):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target not in seen and target.exists():
                waiting.append(target)
    assert {name_of(page) for page in DOCS.rglob("*.md")} <= {name_of(page) for page in seen}


@pytest.mark.parametrize("picture", sorted((DOCS / "pictures").iterdir()), ids=lambda path: path.name)
def test_pictures_are_small(picture: Path) -> None:
    """A clone stays small."""
    assert picture.stat().st_size <= LARGEST_PICTURE
