"""A process that writes as fast as it can and prints each id once it is acknowledged, to be killed in between."""

from __future__ import annotations

import asyncio
import os
import sys
from functools import partial
from pathlib import Path

from tests.database.posts import add_post, make_tables, on_sqlite


async def main(folder: str, name: str) -> None:
    database = on_sqlite("sqlite:///test.db", Path(folder))
    await database.open()
    await make_tables(database)

    async def write(client: int) -> None:
        number = 0
        while True:
            number += 1
            title = f"{name} {client} {number}"
            if client % 2:
                await database.store(partial(add_post, title))
            else:
                async with database.transaction():
                    await database.store(partial(add_post, title))
                    await database.store(partial(add_post, f"{title} again"))
            os.write(1, f"{title}\n".encode())

    await asyncio.gather(*(write(client) for client in range(8)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
