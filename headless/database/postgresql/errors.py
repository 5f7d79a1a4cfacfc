"""What PostgreSQL's errors mean, told by their codes: messages come in the server's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import asyncpg

from headless.database.dialect import (
    Busy,
    Corrupt,
    Disconnected,
    Failure,
    ForeignKey,
    Full,
    NotNull,
    Unique,
    Unstorable,
)

_BY_CODE: Final[Mapping[str, Failure]] = {
    "23503": ForeignKey(),  # foreign_key_violation
    "23001": ForeignKey(),  # restrict_violation
    "40001": Busy(),  # serialization_failure
    "40P01": Busy(),  # deadlock_detected
    "55P03": Busy(),  # lock_not_available
    "57014": Busy(),  # query_canceled
    "53300": Busy(),  # too_many_connections
    "53100": Full(),  # disk_full
    "53200": Full(),  # out_of_memory
    "25006": Full(),  # read_only_sql_transaction
    "22021": Unstorable(),  # character_not_in_repertoire
    "22P05": Unstorable(),  # untranslatable_character
    "22003": Unstorable(),  # numeric_value_out_of_range
    "54000": Unstorable(),  # program_limit_exceeded: a value too long for an index
    "XX001": Corrupt(),  # data_corrupted
    "XX002": Corrupt(),  # index_corrupted
}
_BY_CLASS: Final[Mapping[str, Failure]] = {
    "08": Disconnected(),  # connection exceptions
    "57": Disconnected(),  # the server goes down, or was not up yet
    "58": Full(),  # errors outside the server, such as of its disk
}


def classify(error: BaseException) -> Failure | None:
    """What the driver's error means; None when it means a mistake in the program."""
    # The driver fails to encode such values; of an integer of thousands of digits it even fails to tell.
    for each in (error, error.__cause__, error.__context__):
        if isinstance(each, OverflowError | UnicodeError):
            return Unstorable()
    if isinstance(error, asyncpg.PostgresError):
        return _of_server(error)
    return Disconnected() if isinstance(error, OSError) else None


def _of_server(error: Any) -> Failure | None:
    code: str = error.sqlstate or ""
    if code == "23505":
        return Unique(table=error.table_name, index=error.constraint_name)
    if code == "23502":
        return NotNull(error.table_name, error.column_name)
    return _BY_CODE.get(code) or _BY_CLASS.get(code[:2])
