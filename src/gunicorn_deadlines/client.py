"""A client's connection, on which nothing is waited for without a deadline.

It relies on gevent's `socket._sock`, the plain socket.
"""

import socket
from contextlib import suppress
from time import monotonic
from typing import Any, NamedTuple

from werkzeug.exceptions import RequestTimeout

from gunicorn_deadlines.request import Request

# The size of the pieces in which an answer is sent; most answers are one piece.
SEND_BYTES = 64 * 1024
# The kernel holds at most twice this of an answer that is not read; left alone, it takes megabytes.
SEND_BUFFER_BYTES = 128 * 1024
# A body that nobody wanted is read up to this size, so that the connection can be kept.
UNWANTED_BYTES = 64 * 1024


class Patience(NamedTuple):
    """How many seconds a client may keep us waiting."""

    # From the first byte of a request to the end of its head.
    head: float
    # For a body, and one second more for each `body_bytes_per_second` of it that came.
    body: float
    body_bytes_per_second: float
    # While the client takes nothing of its answer.
    answer: float
    # From an answer to the first byte of the next request.
    idle: float


class Client:
    """What gunicorn takes for the socket: it reads with `recv` and writes with `sendall`.

    While a client is waited for, it is in `waiting`, where the worker finds and drops those that
    are late. A timer for each wait would cost more than everything else here.
    """

    def __init__(self, sock: Any, patience: Patience, waiting: "set[Client]") -> None:
        # macOS refuses this if the client has gone already.
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self.sock = sock
        self.patience = patience
        self.waiting = waiting
        self.request: Request | None = None
        self.answer = bytearray()
        self.sending = False
        self.dropped = False
        # Nothing of the next request has come.
        self.idle = True
        # When it connected, or when its last request was done with.
        self.since = monotonic()
        # A new client has something to say: it must not be idle for as long as a kept one.
        self.deadline = self.since + patience.head

    def recv(self, size: int) -> bytes:
        """Read what has come; nothing at the end, also where the client is dropped while idle.

        Raises:
            RequestTimeout: it is dropped in the middle of a request.
        """
        if self.request and self.request.awaits_continue:
            self.request.awaits_continue = False
            self.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.flush()
            self.begin_body(self.request)
        self.waiting.add(self)
        data: bytes = self.sock.recv(size)
        self.waiting.discard(self)
        if self.dropped and not data and not self.idle:
            raise RequestTimeout("The request did not come in time.")
        if self.request:
            self.deadline += len(data) / self.patience.body_bytes_per_second
        elif self.idle:
            self.idle = False
            self.deadline = monotonic() + self.patience.head
        return data

    def begin_body(self, request: Request) -> None:
        """Expect the body of a request, should the application read it."""
        self.request = request
        self.idle = False
        self.deadline = monotonic() + self.patience.body

    def sendall(self, data: bytes) -> None:
        """Add a piece to the answer."""
        self.answer += data
        if len(self.answer) >= SEND_BYTES:
            self.flush()

    def flush(self) -> None:
        """Send what there is of the answer.

        Raises:
            OSError: the client has gone, or is dropped.
        """
        data, self.answer = memoryview(self.answer), bytearray()
        self.sending = True
        while data:
            self.deadline = monotonic() + self.patience.answer
            self.waiting.add(self)
            data = data[self.sock.send(data) :]
            self.waiting.discard(self)
        self.sending = False

    def end_request(self, request: Request) -> bool:
        """Expect the next request behind the body of this one.

        Returns:
            whether there can be one: not where most of the body was left, or it is malformed.
        """
        self.request = None
        self.idle = True
        self.since = monotonic()
        self.deadline = self.since + self.patience.body
        try:
            unwanted = request.body.read(UNWANTED_BYTES)
        except (RequestTimeout, OSError):
            return False
        self.idle = True
        self.deadline = self.since + self.patience.idle
        return len(unwanted) < UNWANTED_BYTES

    def drop(self) -> None:
        """Wait no longer.

        The wait ends as if the client had closed its side, so that a request which arrives in this
        moment is still served. gevent's own `shutdown` would throw an exception into the wait.
        """
        self.dropped = True
        self.waiting.discard(self)
        with suppress(OSError):
            self.sock._sock.shutdown(socket.SHUT_RDWR if self.sending else socket.SHUT_RD)
