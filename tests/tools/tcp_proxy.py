"""A TCP proxy in front of PostgreSQL that fails as networks do, and works again."""

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

import sqlalchemy as sa

# What happens to a connection when the network fails.
Fault = Callable[[asyncio.StreamWriter], None]


def cut(connection: asyncio.StreamWriter) -> None:
    """Close it in good order (FIN), as a proxy or a server that ends does."""
    connection.close()


def reset(connection: asyncio.StreamWriter) -> None:
    """Break it off (RST), as a machine does that has started again."""
    linger_not = struct.pack("ii", 1, 0)
    connection.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_not)
    connection.transport.abort()


def silence(connection: asyncio.StreamWriter) -> None:
    """Swallow all answers, and close nothing, as a firewall does that has forgotten it."""


class Proxy:
    """Relays connections to the server of a database.

    A fault happens to a connection when the server answers on it: the work is done, and nobody
    hears of it.
    """

    def __init__(self, database: sa.URL) -> None:
        self.database = database
        self.port = 0
        self.fault: Fault | None = None
        # How many connections there have been, and the last of them that meets the fault.
        self._number = 0
        self._last: float = 0

    @property
    def url(self) -> sa.URL:
        """The database's address by way of this proxy."""
        return self.database.set(host="127.0.0.1", port=self.port, query={})

    def fail(self, fault: Fault, *, new: bool) -> None:
        """Let a fault happen to all connections that there are, or to new ones too."""
        self._last = float("inf") if new else self._number
        self.fault = fault

    def heal(self) -> None:
        """Relay answers again, except those on connections to which the fault has happened."""
        self.fault = None

    async def serve(self, ready: Event) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._over.wait()
        server.close()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)

    async def _relay(self, requests: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        answers, server = await self._connect()
        self._number += 1
        answering = asyncio.create_task(self._answer(self._number, answers, client))
        try:
            with suppress(ConnectionError):
                while data := await requests.read(65536):
                    server.write(data)
        finally:
            answering.cancel()
            server.close()
            client.close()

    async def _answer(
        self, number: int, answers: asyncio.StreamReader, client: asyncio.StreamWriter
    ) -> None:
        with suppress(ConnectionError):
            while data := await answers.read(65536):
                if self.fault and number <= self._last:
                    self.fault(client)
                    return
                client.write(data)
        client.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host = str(self.database.query.get("host") or self.database.host)
        port = self.database.query.get("port") or self.database.port or 5432
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, int(str(port)))


@contextmanager
def tcp_proxy(database: sa.URL) -> Iterator[Proxy]:
    """Run a proxy in a thread of its own as long as the block runs."""
    proxy, ready = Proxy(database), Event()
    thread = Thread(target=asyncio.run, args=(proxy.serve(ready),))
    thread.start()
    try:
        ready.wait()
        yield proxy
    finally:
        proxy.stop()
        thread.join()
