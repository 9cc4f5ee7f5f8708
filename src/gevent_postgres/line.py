"""Those who wait for a connection, in their order."""

from collections import deque
from collections.abc import Hashable
from threading import Lock

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812


class NoConnection(Exception):
    """No connection was free in time."""


class Turn:
    """A place in line, at its end."""

    def __init__(self, line: "deque[Turn]", holder: Hashable) -> None:
        line.append(self)
        self.holder = holder
        # What it is given: a connection, or the room to open one, or why there is neither.
        self.connection: Connection | None = None
        self.refusal: psycopg2.OperationalError | None = None
        self.come = Lock()
        self.come.acquire()
