"""How psycopg2 waits for the database: in gevent's hub, so that other requests go on meanwhile.

It relies on gevent's `hub.loop.io` and `hub.loop.timer`, which it documents, and on its `hub.wait`;
and on psycopg2's closing of a connection whose callback raises.
"""

from collections.abc import Callable
from typing import Any

import psycopg2
from gevent import get_hub, getcurrent
from psycopg2 import extensions

# libev's names for what a socket is waited for.
EVENTS = {extensions.POLL_READ: 1, extensions.POLL_WRITE: 2}


def wait_callback(silence: float) -> Callable[[Any], None]:
    """Return a callback for `psycopg2.extensions.set_wait_callback`.

    It uses the event loop itself: `gevent.socket.wait_read` does the same, and takes twice as long.

    Args:
        silence: seconds without a byte from the database, after which its connection is given up.
    """
    silent = psycopg2.OperationalError("the database has fallen silent")

    def wait(connection: Any) -> None:
        hub = get_hub()
        while (state := connection.poll()) != extensions.POLL_OK:
            ready = hub.loop.io(connection.fileno(), EVENTS[state])
            deadline = hub.loop.timer(silence)
            deadline.start(getcurrent().throw, silent)
            try:
                hub.wait(ready)
            finally:
                deadline.close()
                ready.close()

    return wait
