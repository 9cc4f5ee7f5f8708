"""How psycopg2 waits for the database: in gevent's hub, so that other requests go on meanwhile.

It relies on gevent's `hub.loop.io` and `hub.loop.timer`, which it documents, and on its `hub.wait`;
and on psycopg2's closing of a connection whose callback raises.
"""

from collections.abc import Callable
from typing import Any

import psycopg2
from gevent import GreenletExit, get_hub, getcurrent
from psycopg2 import extensions

# libev's names for what a socket is waited for.
EVENTS = {extensions.POLL_READ: 1, extensions.POLL_WRITE: 2}
# The greenlets that wait for the database.
_waiting: set[Any] = set()


class GivenUp(GreenletExit):
    """Nobody waits for the answer any more."""


def give_up(greenlet: Any) -> bool:
    """End a greenlet, if it waits for the database; return whether it does.

    psycopg2 closes the connection. PostgreSQL notices by `client_connection_check_interval`, and
    ends the statement. psycopg2's own `cancel` would keep the whole process waiting meanwhile.
    """
    if greenlet in _waiting:
        get_hub().loop.run_callback(_throw, greenlet)
        return True
    return False


def _throw(greenlet: Any) -> None:
    # The answer may have come in the meantime.
    if greenlet in _waiting:
        greenlet.throw(GivenUp)


def wait_callback(silence: float) -> Callable[[Any], None]:
    """Return a callback for `psycopg2.extensions.set_wait_callback`.

    It uses the event loop itself: `gevent.socket.wait_read` does the same, and takes twice as long.

    Args:
        silence: seconds without a byte from the database, after which its connection is given up.
    """
    silent = psycopg2.OperationalError("the database has fallen silent")

    def wait(connection: Any) -> None:
        hub, greenlet = get_hub(), getcurrent()
        while (state := connection.poll()) != extensions.POLL_OK:
            ready = hub.loop.io(connection.fileno(), EVENTS[state])
            deadline = hub.loop.timer(silence)
            deadline.start(greenlet.throw, silent)
            _waiting.add(greenlet)
            try:
                hub.wait(ready)
            finally:
                _waiting.discard(greenlet)
                deadline.close()
                ready.close()

    return wait
