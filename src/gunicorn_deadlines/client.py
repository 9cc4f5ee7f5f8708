"""A client's connection, on which nothing is waited for without a deadline.

It relies on gevent's `socket._sock`, the plain socket.
"""

import socket
from contextlib import suppress
from time import monotonic
from typing import Any, NamedTuple

from werkzeug.exceptions import RequestTimeout

from gunicorn_deadlines.request import UNWANTED_BYTES, Request

# The size of the pieces in which an answer is sent; most answers are one piece.
SEND_BYTES = 64 * 1024
# The kernel holds at most twice this of an answer that is not read; left alone, it takes megabytes.
SEND_BUFFER_BYTES = 128 * 1024
# What a client still sends after its last answer is read this long, and up to this size.
LINGER_SECONDS = 5
LINGER_BYTES = 4 * 1024 * 1024
# A head that was refused is read on up to this size.
HEAD_BYTES = 64 * 1024


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
        # The greenlet in which the application answers a read.
        self.reader: Any = None
        # What has come of a request until its body is read.
        self.head = bytearray()
        self.answer = bytearray()
        self.sending = False
        self.dropped = False
        # Nothing of the next request has come, or there will be none.
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
            return data
        if self.idle:
            self.idle = False
            self.deadline = monotonic() + self.patience.head
        self.head += data
        return data

    def finish_head(self) -> None:
        """Read on to the end of a head, as long as it may take and as large as it may be.

        Raises:
            OSError: the client has gone.
        """
        with suppress(RequestTimeout):
            while b"\r\n\r\n" not in self.head and len(self.head) < HEAD_BYTES:
                if not self.recv(HEAD_BYTES):
                    break

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
        # The start of the next request may have come in one piece with the end of this one.
        self.head = bytearray(request.unreader.take_buffered())
        request.unreader.unread(self.head)
        self.idle = not self.head
        self.deadline = self.since + (self.patience.idle if self.idle else self.patience.head)
        return len(unwanted) < UNWANTED_BYTES

    def linger(self) -> None:
        """End the answers, and wait until the client has ended its side, too.

        If the connection were closed while the client still sends, it would be reset, and the
        client might lose the last answer (RFC 9112, section 9.6). The client is the first to go for
        others.

        Raises:
            OSError: the client has gone.
        """
        if self.dropped:
            return
        self.idle, self.since = True, 0.0
        self.deadline = monotonic() + LINGER_SECONDS
        self.sock.shutdown(socket.SHUT_WR)
        left = LINGER_BYTES
        self.waiting.add(self)
        while left > 0 and (data := self.sock.recv(SEND_BYTES)):
            left -= len(data)
        self.waiting.discard(self)

    def drop(self) -> None:
        """Wait no longer.

        The wait ends as if the client had closed its side, so that a request which arrives in this
        moment is still served. gevent's own `shutdown` would throw an exception into the wait.
        """
        self.dropped = True
        self.waiting.discard(self)
        with suppress(OSError):
            self.sock._sock.shutdown(socket.SHUT_RDWR if self.sending else socket.SHUT_RD)
