"""A database goes through a project's migrations once, whoever takes it there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from headless.database import SQLiteDatabase, system
from headless.database.schema.catalog import catalog_of
from headless.migrations.course import Course
from headless.migrations.files import read_migrations, write_migration
from tests.migrations.kinds import KINDS

KIND = KINDS["make a list"]


def course(folder: Path) -> Course:
    """A course of two migrations: the tables, and a change of a column."""
    old, new = KIND.tables(KIND.old), KIND.tables(KIND.new)
    write_migration(folder, "initial", Course([], old).to_write())
    write_migration(folder, "lists", Course(read_migrations(folder), new).to_write())
    return Course(read_migrations(folder), new)


def test_each_migration_leads_on_from_the_last(tmp_path: Path) -> None:
    """What the files lead to is what is declared, so that nothing is left to write."""
    found = course(tmp_path)
    assert [migration.name for migration in found.migrations] == ["0001_initial", "0002_lists"]
    assert [step.kind for step in found.migrations[1].steps] == ["change_column"]
    assert found.to_write() == []


async def test_two_processes_migrate_once(tmp_path: Path) -> None:
    """The other waits, and finds it done."""
    databases = [SQLiteDatabase(tmp_path / "test.db") for _ in range(2)]
    for database in databases:
        await database.open()
    found = course(tmp_path)
    told = await asyncio.gather(*(database.call_writer(found.up) for database in databases))
    assert sorted(told)[0] == []
    assert sorted(told)[1][:2] == ["0001_initial", "0002_lists"]
    standing = await databases[0].inspect(found.standing)
    assert (list(standing.applied), standing.is_behind) == (["0001_initial", "0002_lists"], False)
    for database in databases:
        await database.close()


@asynccontextmanager
async def engines(url: str, schema: str) -> AsyncIterator[list[AsyncEngine]]:
    """Two nodes' engines on a schema of their own, which has the platform's tables."""
    address = url.replace("postgresql://", "postgresql+asyncpg://")
    made = [create_async_engine(address, connect_args={"server_settings": {"search_path": schema}}) for _ in range(2)]
    try:
        async with made[0].begin() as connection:
            await connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
            await connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
            await connection.run_sync(system.migrate)
        yield made
        async with made[0].begin() as connection:
            await connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
    finally:
        for engine in made:
            await engine.dispose()


@pytest.mark.postgres
async def test_two_nodes_migrate_once_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    """By a lock that both take: one does it all, the other nothing."""
    found = course(tmp_path)

    async def up(engine: AsyncEngine) -> list[str]:
        async with engine.begin() as connection:
            return await connection.run_sync(found.up)

    async with engines(postgres_url, "two_nodes") as both:
        told = sorted(await asyncio.gather(*map(up, both)))
        assert (told[0], told[1][:2]) == ([], ["0001_initial", "0002_lists"])
        async with both[1].begin() as connection:
            assert await connection.run_sync(names) >= {"posts", "users"}
            assert await connection.run_sync(found.down) == ["0002_lists"]
            standing = await connection.run_sync(found.standing)
        assert standing.pending == ["0002_lists"]


def names(connection: sa.Connection) -> set[str]:
    return catalog_of(connection).tables()
