"""Which clients have gone while a read of theirs is being answered.

A client that has closed its connection looks like one that has only ended its own side, until
something is sent to it. So one that speaks HTTP/1.1 is sent an interim response, which it has to
ignore (RFC 9110, section 15.2): if it has gone, its machine resets the connection.

It relies on gevent's `socket._sock`, the plain socket.
"""

import select
from collections.abc import Iterable, Iterator
from contextlib import suppress

from gevent import monkey

from gunicorn_deadlines.client import Client
from gunicorn_deadlines.request import Request

# Linux alone tells when the other side has been ended.
ENDED = getattr(select, "POLLRDHUP", 0)
GONE = select.POLLHUP | select.POLLERR
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"

# gevent's select.poll runs the event loop even for a wait of zero; this is the plain system call.
_poll = monkey.get_original("select", "poll")


class Departures:
    """Looks, now and then, at the clients whose reads take from one look to the next."""

    def __init__(self) -> None:
        # The reads that were under way at the last look, and whether their clients were sent
        # something.
        self._asked: dict[Request | None, bool] = {}

    def find(self, clients: Iterable[Client]) -> Iterator[Client]:
        """Yield those that have gone."""
        before, self._asked = self._asked, {}
        poller, polled = _poll(), {}
        for client in clients:
            if client.reader is not None:
                self._asked[client.request] = before.get(client.request, False)
                if client.request in before:
                    poller.register(client.sock.fileno(), ENDED)
                    polled[client.sock.fileno()] = client
        for number, events in poller.poll(0):
            client = polled[number]
            if events & GONE or (client.request and client.request.version < (1, 1)):
                yield client
            elif not self._asked[client.request]:
                self._asked[client.request] = True
                with suppress(OSError):
                    client.sock._sock.send(INTERIM)
