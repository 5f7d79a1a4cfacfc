"""A reference to files."""

from __future__ import annotations

from typing import ClassVar

from headless.declaration import Bool, declaration
from headless.fields.relationship import Relationship


@declaration
class Upload(Relationship):
    """A reference to a document that stands for a file, or with `has_many` an ordered list of them.

    Everything else is as in a relationship. `display_preview` says whether the admin shows the picture.
    """

    type: ClassVar[str] = "upload"

    display_preview: Bool = True
