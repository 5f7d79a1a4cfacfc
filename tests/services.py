"""The programs some tests need beside Python: why one is missing, and a server of the tests' own."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import dev

POSTGRES_FOLDERS = Path("/usr/lib/postgresql")
STARTUP_SECONDS = 60.0


def missing_browser() -> str | None:
    """Why the browser tests cannot run, with the remedy; None when they can."""
    if dev.find_chromium():
        return None
    return "Chromium not found: apt-get install -y chromium (or: python3 dev.py test --install), or set CHROMIUM"


@cache
def missing_postgres() -> str | None:
    """Why the PostgreSQL tests cannot run, with the remedy; None when they can."""
    if os.environ.get("TEST_POSTGRES_URL") or postgres_program("initdb"):
        return None
    if postgres_answers(local_postgres()):
        return None
    return "no PostgreSQL found: apt-get install -y postgresql, or set TEST_POSTGRES_URL"


@cache
def missing_redis() -> str | None:
    """Why the Redis tests cannot run, with the remedy; None when they can."""
    if os.environ.get("TEST_REDIS_URL") or shutil.which("redis-server"):
        return None
    if redis_answers("redis://127.0.0.1:6379"):
        return None
    return "no Redis found: apt-get install -y redis-server, or set TEST_REDIS_URL"


def missing_typescript() -> str | None:
    """Why TypeScript cannot be checked, with the remedy; None when it can."""
    if dev.find_typescript():
        return None
    return "no TypeScript compiler found: install npm (python3 dev.py test then fetches it), or set TSC"


def missing_sdk() -> str | None:
    """Why Payload's client cannot be run, with the remedy; None when it can."""
    if dev.find_sdk():
        return None
    return "no Payload SDK found: install Node.js 18 or newer with npm (python3 dev.py test then fetches it)"


MISSING: Mapping[str, Callable[[], str | None]] = {
    "browser": missing_browser,
    "postgres": missing_postgres,
    "redis": missing_redis,
    "typescript": missing_typescript,
    "sdk": missing_sdk,
}


def local_postgres() -> str:
    return "postgresql://postgres@127.0.0.1:5432/postgres"


def postgres_program(name: str) -> str | None:
    """A program of PostgreSQL; Debian keeps the servers' ones off the path, a folder for each version."""
    found = shutil.which(name)
    if found:
        return found
    versions = sorted(POSTGRES_FOLDERS.glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    return str(versions[-1]) if versions else None


def postgres_answers(url: str) -> bool:
    import asyncpg

    async def ask() -> None:
        connection = await asyncpg.connect(url, timeout=2)
        await connection.close()

    try:
        asyncio.run(ask())
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False
    return True


def redis_answers(url: str) -> bool:
    import redis

    client = redis.Redis.from_url(url, socket_connect_timeout=2)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL server's URL: TEST_POSTGRES_URL, else a server of our own, else this machine's."""
    given = os.environ.get("TEST_POSTGRES_URL")
    if given or not postgres_program("initdb"):
        yield given or local_postgres()
        return
    with own_folder("postgres") as folder:
        user = "postgres" if os.geteuid() == 0 else getpass.getuser()
        run_as(user, [program("initdb"), "-D", f"{folder}/data", "-U", "postgres", "-A", "trust", "--no-sync"])
        port = free_port()
        options = ["-D", f"{folder}/data", "-k", str(folder), "-h", "127.0.0.1", "-p", str(port), "-F"]
        url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        with served(as_user(user, [program("postgres"), *options]), lambda: postgres_answers(url)):
            yield url


@contextlib.contextmanager
def redis_server() -> Iterator[str]:
    """A Redis server's URL: TEST_REDIS_URL, else a server of our own, else this machine's."""
    given = os.environ.get("TEST_REDIS_URL")
    if given or not shutil.which("redis-server"):
        yield given or "redis://127.0.0.1:6379"
        return
    with own_folder() as folder:
        url = f"unix://{folder}/redis.sock"
        options = ["--port", "0", "--unixsocket", f"{folder}/redis.sock", "--save", "", "--dir", str(folder)]
        with served(["redis-server", *options], lambda: redis_answers(url)):
            yield url


def program(name: str) -> str:
    found = postgres_program(name)
    if found is None:
        raise FileNotFoundError(f"PostgreSQL's {name} is not installed")
    return found


@contextlib.contextmanager
def own_folder(owner: str | None = None) -> Iterator[Path]:
    """A temporary folder, which for root belongs to `owner`: PostgreSQL does not run as root."""
    with tempfile.TemporaryDirectory(prefix="headless-") as name:
        if owner and os.geteuid() == 0:
            shutil.chown(name, owner)
        yield Path(name)


def as_user(user: str, command: Sequence[str]) -> list[str]:
    if os.geteuid() != 0:
        return [*command]
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *command]


def run_as(user: str, command: Sequence[str]) -> None:
    subprocess.run(as_user(user, command), cwd="/", check=True, capture_output=True)


@contextlib.contextmanager
def served(command: Sequence[str], answers: Callable[[], bool]) -> Iterator[None]:
    """Runs a server while the block does, from its first answer on."""
    with subprocess.Popen(command, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            wait_for_answer(process, answers)
            yield
        finally:
            process.terminate()
            process.communicate()


def wait_for_answer(process: subprocess.Popen[bytes], answers: Callable[[], bool]) -> None:
    """Polls until the server answers. Raises RuntimeError with its output when it ends or stays silent."""
    patience = STARTUP_SECONDS / 0.05
    while not answers():
        patience -= 1
        if process.poll() is not None or patience < 0:
            process.terminate()
            output = process.communicate()[0].decode(errors="replace")
            raise RuntimeError(f"{process.args!r} did not answer:\n{output}")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.05)


def free_port() -> int:
    """A TCP port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
