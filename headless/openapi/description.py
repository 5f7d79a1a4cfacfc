"""The description of an application: made once for each sight of it, when somebody asks, and kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from headless.access import anyone, decide, staff
from headless.compile.collection import CompiledCollection
from headless.config import Config
from headless.errors import ConfigError, Forbidden
from headless.http.responses import encode_json
from headless.openapi.components import Components
from headless.openapi.paths import ROOT_TAG, Paths, problems, security_schemes
from headless.openapi.sight import WHOLE, Route, Sight, sight_of
from headless.operations.core import Asker

MOST_KEPT: Final = 32


class Description:
    """What an application answers, in OpenAPI 3.1: as a whole, or as much as an asker may use.

    Raises ConfigError for endpoints that tell of themselves what is not there.
    """

    def __init__(self, config: Config, collections: Mapping[str, CompiledCollection], routes: Iterable[Route]) -> None:
        self._config = config
        self._collections = collections
        self._routes = tuple(routes)
        if wrong := [*problems(self._routes, collections)]:
            raise ConfigError(wrong)
        self._kept: OrderedDict[Sight, bytes] = OrderedDict()

    async def told(self, asker: Asker, *, mine: bool = False) -> bytes:
        """What an asker is told: everything, or with `mine` and else what he may use. Raises Forbidden."""
        rules = self._config.openapi.access
        context = asker.context("openapi", "")
        knows = asker.system or await decide(rules.get("whole", staff), context) is True
        if knows and not mine:
            return self.encoded()
        if not knows and await decide(rules.get("own", anyone), context) is not True:
            raise Forbidden
        return self.encoded(await sight_of(asker, self._routes))

    def encoded(self, sight: Sight = WHOLE) -> bytes:
        """The description as JSON. The last ones are remembered."""
        kept = self._kept.get(sight)
        if kept is None:
            kept = self._kept[sight] = encode_json(self.made(sight))
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(sight)
        return kept

    def made(self, sight: Sight = WHOLE) -> dict[str, Any]:
        """The description."""
        components = Components(self._collections, sight)
        paths = Paths(self._config, self._collections, components, sight).made(self._routes)
        return {
            "openapi": "3.1.0",
            "info": self._info(),
            **({"servers": [{"url": self._config.server_url}]} if self._config.server_url else {}),
            "tags": self._tags({tag for found in paths.values() for made in found.values() for tag in made["tags"]}),
            "paths": paths,
            "components": {
                "schemas": dict(sorted(components.made.items())),
                "parameters": dict(sorted(components.parameters.items())),
                "responses": dict(sorted(components.responses.items())),
                "securitySchemes": security_schemes(self._config.cookie_prefix),
            },
        }

    def _info(self) -> dict[str, Any]:
        options = self._config.openapi
        info = {"title": options.title or self._config.admin.name, "version": options.version}
        return {**info, "description": options.description} if options.description else info

    def _tags(self, used: set[str]) -> list[dict[str, Any]]:
        tags = [_tag(slug, found) for slug, found in self._collections.items() if slug in used]
        root = {"name": ROOT_TAG, "x-displayName": "Application", "description": "The application itself."}
        return [*tags, root] if ROOT_TAG in used else tags


def _tag(slug: str, collection: CompiledCollection) -> dict[str, Any]:
    described = collection.declaration.admin.description
    tag = {"name": slug, "x-displayName": collection.labels[1]}
    return {**tag, "description": described} if described else tag
