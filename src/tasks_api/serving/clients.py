"""All clients of a worker, and those among them that it waits for."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from heapq import nsmallest
from time import monotonic

from tasks_api.serving.client import Client

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
        self.drop_surplus()

    def remove(self, client: Client) -> None:
        """Forget a client whose connection has ended."""
        self.kept.discard(client)
        self.waiting.discard(client)

    def drop_late(self) -> None:
        """Drop those whose deadline has passed."""
        now = monotonic()
        late = [client for client in self.waiting if client.deadline < now]
        for _ in (client for client in late if client.sending):
            logger.warning("a client has not taken its answer")
        self._drop(late)

    def drop_idle(self) -> None:
        """Drop those that are between two requests."""
        self._drop([client for client in self.waiting if client.idle])

    def drop_surplus(self) -> None:
        """Drop those that have kept us waiting longest, if there are more clients than may be."""
        surplus = len(self.kept) - self.limit
        if surplus > 0:
            longest = nsmallest(surplus, self.waiting, key=lambda client: client.since)
            logger.warning("too many connections", extra={"dropped": len(longest)})
            self._drop(longest)

    def _drop(self, clients: Iterable[Client]) -> None:
        for client in clients:
            self.remove(client)
            client.drop()
