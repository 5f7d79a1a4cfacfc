"""Types of columns that SQLAlchemy has no name for."""

from __future__ import annotations

import sqlalchemy as sa


class OrderedJson(sa.JSON):
    """JSON that is read with the keys of its objects in the order in which they were written."""
