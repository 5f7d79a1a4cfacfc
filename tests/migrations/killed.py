"""Makes a change of the schema and kills itself at one of its statements: `python -m tests.migrations.killed`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import sqlalchemy as sa

from headless.database import SQLiteDatabase
from headless.database.schema import bring
from tests.migrations.kinds import KINDS
from tests.migrations.test_faults import Fault, failing


async def main(path: str, name: str, number: int) -> None:
    """Prints how many statements there are, and undoes them, if it is not killed before."""
    kind = KINDS[name]
    database = SQLiteDatabase(path)
    await database.open()

    def change(connection: sa.Connection) -> None:
        with failing(connection, number, lambda: os.kill(os.getpid(), signal.SIGKILL)) as seen:
            bring(connection, kind.tables(kind.new), may_lose=kind.lossy)
        print(len(seen))  # noqa: T201
        raise Fault

    try:
        await database.call_writer(change)
    except Fault:
        await database.close()


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
