"""All clients of a worker, and those among them that it waits for."""

import logging
from collections.abc import Callable, Iterable
from heapq import nsmallest
from time import monotonic

from prometheus_client import Counter

from gunicorn_deadlines.client import Client
from gunicorn_deadlines.metrics import Metrics

logger = logging.getLogger(__name__)


class Clients:
    """The clients of a worker, none of which is waited for without limit.

    Args:
        limit: how many there may be,
        held: beside those whose requests the application holds open: it returns their number.
    """

    def __init__(self, limit: int, metrics: Metrics, held: Callable[[], int]) -> None:
        self.limit = limit
        self.metrics = metrics
        self.held = held
        self.kept: set[Client] = set()
        # Each client adds itself here for as long as it is waited for.
        self.waiting: set[Client] = set()
        self.ending = False

    def add(self, client: Client) -> None:
        """Take a new client, for which another one may have to go."""
        self.kept.add(client)
        self.metrics.clients.set(len(self.kept))
        self.drop_surplus()

    def remove(self, client: Client) -> None:
        """Forget a client whose connection has ended."""
        self.kept.discard(client)
        self.metrics.clients.set(len(self.kept))
        self.waiting.discard(client)

    def drop_late(self) -> None:
        """Drop those whose deadline has passed; at the end of the worker, the idle ones, too."""
        now = monotonic()
        late = [c for c in self.waiting if c.deadline < now or (self.ending and c.idle)]
        for _ in (client for client in late if client.sending):
            logger.warning("a client has not taken its answer")
        self._drop((client for client in late if client.idle), self.metrics.idle)
        self._drop((client for client in late if not client.idle), self.metrics.late)

    def end(self) -> None:
        """From now on, wait for requests that have begun, and for no others."""
        self.ending = True
        self.drop_late()

    def drop_surplus(self) -> None:
        """Drop those that have kept us waiting longest, if there are too many clients."""
        surplus = len(self.kept) - self.limit - self.held()
        if surplus > 0:
            longest = nsmallest(surplus, self.waiting, key=lambda client: client.since)
            logger.warning("too many connections", extra={"dropped": len(longest)})
            self._drop(longest, self.metrics.surplus)

    def _drop(self, clients: Iterable[Client], reason: Counter) -> None:
        for client in clients:
            reason.inc()
            self.remove(client)
            client.drop()
