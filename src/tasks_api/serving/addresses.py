"""Where the service listens: check it before the start, and show it after."""

from __future__ import annotations

import errno
import socket
from typing import Any

from gunicorn import systemd

from tasks_api.setting_checks import ConfigError


def check(server: Any) -> None:
    """Refuse an address that can't be used, at once; gunicorn would try for five seconds.

    It relies on the server being gunicorn's `Arbiter`, which has made no socket yet.

    Raises:
        ConfigError: the port is taken, or the address can't be listened on.
    """
    # On an upgrade (USR2) it gets the sockets of the old server, or systemd has made them.
    if server.master_pid or systemd.listen_fds(unset_environment=False) or server.cfg.reuse_port:
        return
    for address in server.address:
        # Others are paths of sockets, or file descriptors.
        if isinstance(address, tuple):
            _check(*address)


def _check(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # As gunicorn does: connections that are closing don't count (TIME_WAIT).
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise ConfigError(
                    f"Port {port} on {host} is taken. Choose another: PORT={port + 1} make run"
                ) from None
            raise ConfigError(
                f"The service can't listen on port {port} of {host}: {error.strerror}."
            ) from None


def show(server: Any) -> None:
    """Print where the page is, for somebody at a terminal."""
    # A browser on this machine can't open the address that means all addresses.
    for listener in server.LISTENERS:
        url = str(listener).replace("//0.0.0.0:", "//127.0.0.1:").replace("[::]", "[::1]")
        print(f"Task API: {url}/docs  Ctrl-C stops it", flush=True)  # noqa: T201
