"""How something that is declared is called, where the words made of its name will not do."""

from __future__ import annotations

from headless.declaration import Str, declaration


@declaration
class Labels:
    """What one of them is called, and several: `Post`, `Posts`."""

    singular: Str | None = None
    plural: Str | None = None
