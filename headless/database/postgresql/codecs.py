"""How values travel between Python and the server, where asyncpg's own way is not that of SQLite."""

from __future__ import annotations

import struct
from typing import Any, Final

_DOUBLE: Final = struct.Struct("!d")


async def set_codecs(connection: Any) -> None:
    """Tells a new connection of asyncpg how values are read: numbers that are whole as integers."""
    await connection.set_type_codec("float8", schema="pg_catalog", encoder=_double, decoder=_number, format="binary")


def _double(value: float) -> bytes:
    return _DOUBLE.pack(value + 0.0)


def _number(data: bytes) -> int | float:
    (value,) = _DOUBLE.unpack(data)
    return int(value) if value.is_integer() and abs(value) < 2**63 else value
