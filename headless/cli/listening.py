"""The listening socket, opened by the command line: a busy port is said, and a restart never closes it."""

from __future__ import annotations

import errno
import socket

from headless.errors import ConfigError

BACKLOG = 2048


def open_listener(host: str, port: int) -> socket.socket:
    """Binds and listens. Raises ConfigError, with the way out, when the port is taken or may not be used."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigError(refusal(error, host, port)) from None
    return listener


def refusal(error: OSError, host: str, port: int) -> str:
    """Why the address cannot be used, and the way out."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} on {host} is in use by another program. Stop that one "
            f"(ss -ltnp 'sport = :{port}' names it), or use another port: --port {free_port(host)}"
        )
    if error.errno == errno.EACCES:
        return f"this user may not listen on port {port}: use one above 1023, as in --port 8000"
    return f"cannot listen on {host}:{port}: {error.strerror or error}"


def free_port(host: str) -> int:
    """A port that is free now: the first from 8001 on, else any."""
    for port in [*range(8001, 8011), 0]:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return 8001


def address(listener: socket.socket) -> str:
    """The URL a browser on this machine can open."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
