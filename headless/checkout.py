"""The folders that lie beside this one in a checkout: says the remedy when the links to them are broken."""

import os

LINKED = ("collections", "endpoints", "admin_ui", "examples")


def broken_links(package: str) -> list[str]:
    """The names among `LINKED` that are not folders inside `package`."""
    return [name for name in LINKED if not os.path.isdir(os.path.join(package, name))]


def require_links(package: str = os.path.dirname(__file__)) -> None:
    """Raises ImportError with the remedy when the package cannot reach its own folders.

    Git writes a symbolic link as a small text file where it has no right to make one: a checkout on Windows
    without developer mode, on some mounted drives, or with `core.symlinks=false`; copies may drop links.
    """
    broken = [f"headless/{name}" for name in broken_links(package)]
    if broken:
        paths = " ".join(broken)
        raise ImportError(
            f"broken symbolic links in {package}: {', '.join(broken)}. "
            "Each must point to the folder of the same name beside headless/. In a git checkout: "
            f"git config core.symlinks true && rm -rf {paths} && git checkout -- {paths} "
            "(on Windows, switch developer mode on first). Otherwise: pip install headless-content."
        )
