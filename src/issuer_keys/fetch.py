"""A GET for the issuer's keys, with bounds on its time and its size."""

import time
from contextlib import closing, suppress
from http.client import OK, HTTPConnection, HTTPSConnection
from socket import SHUT_RDWR, socket
from threading import Timer
from urllib.parse import urlsplit


def fetch(url: str, seconds: float, max_bytes: int) -> bytes:
    """Return the document at an `http:` or `https:` address, without redirects or a proxy.

    Each attempt to connect takes at most `seconds`, and so does everything after it: the request
    and the whole answer. Finding the host takes as long as the system's resolver needs; a caller
    that can't wait for this calls from another thread.

    Raises:
        OSError, HTTPException: the address can't be reached, or doesn't answer in time.
        ValueError: the answer isn't a 200, or has more than `max_bytes`.
    """
    parts = urlsplit(url)
    connection_class = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = connection_class(parts.hostname or "", parts.port, timeout=seconds)
    with closing(connection):
        connection.connect()
        deadline = time.monotonic() + seconds
        # A socket's own time-out begins again with each byte that comes.
        alarm = Timer(seconds, _hang_up, [connection.sock])
        alarm.daemon = True
        alarm.start()
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", target, headers={"Accept": "application/json, */*;q=0.1"})
            answer = connection.getresponse()
            if answer.status != OK:
                raise ValueError(f"the answer is a {answer.status}")
            body = answer.read(max_bytes + 1)
        finally:
            alarm.cancel()
    if time.monotonic() >= deadline:
        raise TimeoutError("the answer takes too long")
    if len(body) > max_bytes:
        raise ValueError("the answer is too large")
    return body


def _hang_up(sock: socket) -> None:
    # The other side may have closed the connection already.
    with suppress(OSError):
        sock.shutdown(SHUT_RDWR)
