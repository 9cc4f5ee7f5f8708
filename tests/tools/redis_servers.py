"""A Redis of the tests' own, which can go away and come back."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import pytest
from fakeredis import TcpFakeServer

is_there = shutil.which("redis-server") is not None
needs_redis = pytest.mark.skipif(not is_there, reason="redis-server is missing")

# A machine that is busy with tests must not look like a server that is away.
PATIENT = "?socket_timeout=60&socket_connect_timeout=60"


@contextmanager
def redis_server(port: int, *options: str, query: str = PATIENT) -> Iterator[str]:
    """Run the real server, or where it isn't installed one in Python; return its URL."""
    with _real(port, *options) if is_there else _stand_in(port):
        yield f"redis://127.0.0.1:{port}{query}"


@contextmanager
def _real(port: int, *options: str) -> Iterator[None]:
    place = ("--port", str(port), "--bind", "127.0.0.1")
    command = ["redis-server", *place, "--save", "", *options]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while True:
            with suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            assert server.poll() is None
            time.sleep(0.02)
        yield
    finally:
        server.terminate()
        server.wait()


@contextmanager
def _stand_in(port: int) -> Iterator[None]:
    with TcpFakeServer(("127.0.0.1", port)) as server:
        serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        try:
            yield
        finally:
            server.shutdown()
            serving.join()
