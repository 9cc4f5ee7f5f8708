"""All clients of a worker, and those among them that it waits for."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from heapq import nsmallest
from time import monotonic

from prometheus_client import Counter, Gauge

from tasks_api.serving.client import Client

OPEN = Gauge("tasks_api_clients", "Connections of clients.", multiprocess_mode="livesum")
DROPPED = Counter(
    "tasks_api_clients_dropped",
    "Connections of clients that were closed: between two requests (idle), too late with a request "
    "or with taking an answer (late), for a new one (surplus).",
    ["reason"],
)
IDLE, LATE, SURPLUS = map(DROPPED.labels, ("idle", "late", "surplus"))

logger = logging.getLogger(__name__)


class Clients:
    """The clients of a worker: at most so many, none of which is waited for without limit."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.kept: set[Client] = set()
        # Each client adds itself here for as long as it is waited for.
        self.waiting: set[Client] = set()

    def add(self, client: Client) -> None:
        """Take a new client, for which another one may have to go."""
        self.kept.add(client)
        OPEN.set(len(self.kept))
        self.drop_surplus()

    def remove(self, client: Client) -> None:
        """Forget a client whose connection has ended."""
        self.kept.discard(client)
        OPEN.set(len(self.kept))
        self.waiting.discard(client)

    def drop_late(self) -> None:
        """Drop those whose deadline has passed."""
        now = monotonic()
        late = [client for client in self.waiting if client.deadline < now]
        for _ in (client for client in late if client.sending):
            logger.warning("a client has not taken its answer")
        self._drop((client for client in late if client.idle), IDLE)
        self._drop((client for client in late if not client.idle), LATE)

    def drop_idle(self) -> None:
        """Drop those that are between two requests."""
        self._drop([client for client in self.waiting if client.idle], IDLE)

    def drop_surplus(self) -> None:
        """Drop those that have kept us waiting longest, if there are more clients than may be."""
        surplus = len(self.kept) - self.limit
        if surplus > 0:
            longest = nsmallest(surplus, self.waiting, key=lambda client: client.since)
            logger.warning("too many connections", extra={"dropped": len(longest)})
            self._drop(longest, SURPLUS)

    def _drop(self, clients: Iterable[Client], reason: Counter) -> None:
        for client in clients:
            reason.inc()
            self.remove(client)
            client.drop()
