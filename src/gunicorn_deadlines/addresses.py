"""Where the service listens: check it before the start, and show it after."""

import errno
import socket
from typing import Any

from gunicorn import systemd


class CannotListen(SystemExit):
    """An address that can't be used stops the start; Python prints the text as one line."""


def check(server: Any, advice: str) -> None:
    """Refuse an address that can't be used, at once; gunicorn would try for five seconds.

    Args:
        server: gunicorn's `Arbiter`, which has made no socket yet.
        advice: what to do if a port is taken; `{port}` in it becomes the next one.

    Raises:
        CannotListen: the port is taken, or the address can't be listened on.
    """
    # On an upgrade (USR2) it gets the sockets of the old server, or systemd has made them.
    if server.master_pid or systemd.listen_fds(unset_environment=False) or server.cfg.reuse_port:
        return
    for address in server.address:
        # Others are paths of sockets, or file descriptors.
        if isinstance(address, tuple):
            host, port = address[:2]
            _check(host, port, advice)


def _check(host: str, port: int, advice: str) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # As gunicorn does: connections that are closing don't count (TIME_WAIT).
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CannotListen(
                    f"Port {port} on {host} is taken. {advice.format(port=port + 1)}"
                ) from None
            raise CannotListen(
                f"The service can't listen on port {port} of {host}: {error.strerror}."
            ) from None


def show(server: Any, text: str) -> None:
    """Print where the service is, for somebody at a terminal.

    Args:
        server: gunicorn's `Arbiter`, which listens.
        text: what to print; `{url}` in it becomes the address.
    """
    # A browser on this machine can't open the address that means all addresses.
    for listener in server.LISTENERS:
        url = str(listener).replace("//0.0.0.0:", "//127.0.0.1:").replace("[::]", "[::1]")
        print(text.format(url=url), flush=True)  # noqa: T201
