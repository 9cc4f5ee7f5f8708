"""A GET that is over in time, however slowly the other side answers, and however much."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from http.client import OK, HTTPConnection, HTTPResponse, HTTPSConnection
from io import BufferedReader, RawIOBase
from typing import Any
from urllib.parse import urlsplit


def timed_fetch(
    url: str, seconds: float, max_bytes: int, *, now: Callable[[], float] = time.monotonic
) -> bytes:
    """Get what is at an `http:` or `https:` address. Follows no redirect and asks no proxy.

    Raises:
        OSError, HTTPException: it can't be had, or not within so many seconds.
        ValueError: the answer isn't a 200, or has more bytes than that.
    """
    deadline = now() + seconds
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=seconds)
    connection.response_class = partial(_Answer, deadline=deadline, now=now)  # type: ignore[assignment]
    with closing(connection):
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", target, headers={"Accept": "application/json, */*;q=0.1"})
        answer = connection.getresponse()
        if answer.status != OK:
            raise ValueError(f"the answer is a {answer.status}")
        body = answer.read(max_bytes + 1)
    if len(body) > max_bytes:
        raise ValueError("the answer is too large")
    return body


class _Answer(HTTPResponse):
    """An answer with a deadline."""

    def __init__(self, sock: Any, *args: Any, deadline: float, now: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        # http.client asked for a buffered reader; below its buffer is the socket's own.
        self.fp: Any = BufferedReader(_Timed(sock, self.fp.detach(), deadline, now))


class _Timed(RawIOBase):
    """Reads with what is left of the time; a socket's own time-out begins anew with each byte."""

    def __init__(self, sock: Any, raw: Any, deadline: float, now: Callable[[], float]) -> None:
        self._sock, self._raw, self._deadline, self._now = sock, raw, deadline, now

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> Any:
        left = self._deadline - self._now()
        if left <= 0:
            raise TimeoutError("the answer takes too long")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
