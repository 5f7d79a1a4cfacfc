"""Pages that plugins add."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.responses import Response

from headless import NotFound
from headless.admin import Page
from headless.admin_ui.visit import Visit


def plugin_page(page: Page) -> Callable[[Visit], Awaitable[Response]]:
    """The view of a plugin's page."""

    async def view(visit: Visit) -> Response:
        if page not in visit.pages():
            raise NotFound()
        values = await page.load(visit.request) if page.load else {}
        return await visit.render(page.template, current=page.path, title=page.title, **values)

    return view
