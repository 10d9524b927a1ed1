"""Where the orchestrator of an embedded stack listens."""

from __future__ import annotations

import ipaddress
import socket

from mle_star.api.errors import StackError
from mle_star.config import ConfigError


def listen_address(bind: str, *, may_move: bool) -> str:
    """`host:port`, with a free port in place of a busy one if it may move.

    Raises ConfigError for what is no loopback address (the API has no keys yet), StackError for a busy port.
    """
    host, _, port = bind.removeprefix("http://").rpartition(":")
    if not _is_loopback(host):
        raise ConfigError(
            f"the setting 'bind': {host!r} is not this machine alone; use 127.0.0.1:PORT or localhost:PORT"
        )
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ConfigError(f"the setting 'bind': {bind!r} names no port from 1 to 65535, such as 127.0.0.1:8080")
    if (busy := _why_busy(host, int(port))) is None:
        return f"{host}:{port}"
    if may_move:
        return f"{host}:{_free_port(host)}"
    raise StackError(f"{host}:{port} cannot be listened on ({busy}): set MLE_STAR_BIND to another port")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _listener(host: str) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return listener


def _why_busy(host: str, port: int) -> str | None:
    with _listener(host) as listener:
        try:
            listener.bind((host.strip("[]"), port))
            listener.listen()
        except OSError as error:
            return error.strerror or str(error)
    return None


def _free_port(host: str) -> int:
    with _listener(host) as listener:
        listener.bind((host.strip("[]"), 0))
        return int(listener.getsockname()[1])
