"""The commands of a checkout: `python3 dev.py demo` and `python3 dev.py test`; also `lint` and `bench`.

Needs Python 3.11 and nothing else: it makes `.venv` beside this file, installs what the command needs and
runs it there.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
USAGE = """\
usage: python3 dev.py COMMAND [ARGUMENTS]

  demo              set up .venv and serve the demo on port 3000 (--port N for another)
  test [PYTEST …]   set up the test packages and run the tests; further arguments go to pytest
  test --install    the same, after installing Chromium with apt (as root)
  lint              ruff and mypy
  bench [ARGS …]    the benchmarks; further arguments go to `python -m benchmarks`

The first run takes a minute: it fetches packages. With TEST_REQUIRE=browser,postgres,redis,typescript,sdk in the
environment their absence is an error."""


class Stop(Exception):
    """The command cannot go on; the message says why and what to do."""


def require_python(version: tuple[int, ...] = sys.version_info[:3]) -> None:
    """Refuses a Python that is too old, and says where a newer one comes from."""
    if version < (3, 11):
        raise Stop(
            f"headless needs Python 3.11 or newer; this is {version[0]}.{version[1]} ({sys.executable}).\n"
            "Run it with a newer one, as in: python3.11 dev.py demo"
        )


def require_links() -> None:
    """Refuses a checkout whose links to the shipped folders are broken, with the remedy."""
    try:
        runpy.run_path(str(ROOT / "headless" / "checkout.py"))["require_links"](str(ROOT / "headless"))
    except ImportError as error:
        raise Stop(str(error)) from None


def venv_python() -> Path:
    return VENV / "bin" / "python"


def answers(*command: object) -> bool:
    """Whether the command runs and succeeds, silently."""
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def run(*command: object) -> None:
    """Runs a command of the set-up. Raises Stop, naming it, when it fails."""
    line = [str(part) for part in command]
    if subprocess.run(line, cwd=ROOT, check=False).returncode != 0:
        raise Stop(f"This failed: {shlex.join(line)}")


def has_ensurepip() -> bool:
    return importlib.util.find_spec("ensurepip") is not None


def make_venv() -> None:
    """Makes `.venv`; without pip where Debian's python3-venv is absent: pip then works from outside."""
    if answers(venv_python(), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    print(f"Making {VENV.name} with Python {sys.version_info[0]}.{sys.version_info[1]} …", flush=True)
    if has_ensurepip() and answers(sys.executable, "-m", "venv", VENV):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    run(sys.executable, "-m", "venv", "--without-pip", VENV)


def pip_command(python: Path) -> list[str]:
    """How to call pip for an environment: its own, else this Python's, else the system's. Raises Stop."""
    if answers(python, "-m", "pip", "--version"):
        return [str(python), "-m", "pip"]
    for outside in (sys.executable, f"{sys.base_prefix}/bin/python3"):
        if answers(outside, "-m", "pip", "--version"):
            return [outside, "-m", "pip", "--python", str(python)]
    raise Stop("There is no pip for this Python. On Debian: apt-get install -y python3-venv, then try again.")


def fingerprint() -> str:
    """What an installation depends on: the project's declaration, the Python and where the checkout lies."""
    parts = ((ROOT / "pyproject.toml").read_bytes(), sys.version.encode(), str(ROOT).encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def install(extra: str = "") -> None:
    """Installs the checkout into `.venv` with an extra, unless that is done for this very pyproject.toml."""
    require_links()
    make_venv()
    marker = VENV / f".headless-{extra or 'base'}"
    wanted = fingerprint()
    if marker.is_file() and marker.read_text() == wanted:
        return
    what = f".[{extra}]" if extra else "."
    print(f"Installing headless ({extra or 'base'}) into {VENV.name} …", flush=True)
    run(*pip_command(venv_python()), "install", "--quiet", "--editable", what)
    marker.write_text(wanted)


def find_chromium(environ: Mapping[str, str] = os.environ) -> str | None:
    """The Chromium the browser tests drive: $CHROMIUM, else the first of Debian's names on the path."""
    named = environ.get("CHROMIUM")
    for name in [named] if named else BROWSERS:
        found = shutil.which(name, path=environ.get("PATH"))
        if found:
            return found
    return None


def install_chromium() -> None:
    """Installs Debian's Chromium. Raises Stop without root or apt."""
    if find_chromium():
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Stop("--install needs root and apt-get. Install Chromium, or set CHROMIUM to its path.")
    run("apt-get", "update")
    run("apt-get", "install", "-y", "--no-install-recommends", "chromium")


def find_typescript(environ: Mapping[str, str] = os.environ) -> str | None:
    """The TypeScript compiler the tests ask: $TSC, else the one in `.venv`, else the one on the path."""
    named = environ.get("TSC")
    for name in [named] if named else [str(VENV / "node_modules" / ".bin" / "tsc"), "tsc"]:
        found = shutil.which(name, path=environ.get("PATH"))
        if found:
            return found
    return None


def find_sdk() -> str | None:
    """Payload's TypeScript client in `.venv`, which the tests drive; None without it or without Node.js."""
    module = VENV / "node_modules" / "@payloadcms" / "sdk" / "dist" / "index.js"
    return str(module) if module.is_file() and shutil.which("node") else None


def install_node_packages() -> None:
    """Fetches what the tests take from npm into `.venv`, where there is npm; without it a few are left out."""
    wanted = ["typescript@5"] if find_typescript() is None else []
    wanted += [] if find_sdk() else ["@payloadcms/sdk@3.90"]
    if wanted and shutil.which("npm"):
        print(f"Fetching {' and '.join(wanted)} into {VENV.name} …", flush=True)
        # One call for all: npm takes away what was installed without being saved before.
        command = ("npm", "install", "--prefix", VENV, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts")
        answers(*command, "typescript@5", "@payloadcms/sdk@3.90")


def become(*command: object) -> int:
    """Lets a program of `.venv` take this process's place, so that it receives Ctrl-C and signals itself."""
    line = [str(part) for part in command]
    os.chdir(ROOT)
    sys.stdout.flush()
    os.execv(line[0], line)


def demo(arguments: Sequence[str]) -> int:
    install()
    return become(venv_python(), "-m", "headless.examples.messages.demo", *arguments)


def test(arguments: Sequence[str]) -> int:
    if "--install" in arguments:
        install_chromium()
    install("test")
    install_node_packages()
    rest = [argument for argument in arguments if argument != "--install"]
    return become(venv_python(), "-m", "pytest", "--numprocesses=auto", "--dist=worksteal", *rest)


def lint(arguments: Sequence[str]) -> int:
    install("dev")
    tools = (["ruff", "check", *(arguments or ["."])], ["mypy", *arguments])
    codes = [subprocess.run([venv_python(), "-m", *tool], cwd=ROOT, check=False).returncode for tool in tools]
    return max(codes)


def bench(arguments: Sequence[str]) -> int:
    install("test")
    return become(venv_python(), "-m", "benchmarks", *arguments)


COMMANDS: Mapping[str, Callable[[Sequence[str]], int]] = {
    "demo": demo,
    "test": test,
    "lint": lint,
    "bench": bench,
}


def main(arguments: Sequence[str]) -> int:
    """Runs one command. Returns the exit code; a message for people goes to standard error."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(USAGE)
        return 0
    command = COMMANDS.get(arguments[0])
    if command is None:
        print(f"dev.py has no command {arguments[0]!r}.\n\n{USAGE}", file=sys.stderr)
        return 2
    try:
        require_python()
        return command(arguments[1:])
    except Stop as stop:
        print(f"\n{stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
