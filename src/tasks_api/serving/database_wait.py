"""How psycopg2 waits for the database: in gevent's hub, so that other requests go on meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg2
from gevent.socket import wait_read, wait_write
from psycopg2 import extensions


def wait_callback(silence: float) -> Callable[[Any], None]:
    """Make a callback for `psycopg2.extensions.set_wait_callback`.

    Args:
        silence: seconds without a byte from the database, after which its connection is given up.
    """

    def wait(connection: Any) -> None:
        while True:
            state = connection.poll()
            if state == extensions.POLL_OK:
                return
            wait_for = wait_read if state == extensions.POLL_READ else wait_write
            wait_for(
                connection.fileno(),
                timeout=silence,
                timeout_exc=psycopg2.OperationalError("the database has fallen silent"),
            )

    return wait
