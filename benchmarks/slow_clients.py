"""How soon `/health` answers while 1,100 slow clients of each kind are connected to one worker.

    python benchmarks/slow_clients.py

It needs a `.venv` with the project, and starts gunicorn itself, with all settings at their
defaults. The database is not there: what is measured does not ask it.
"""

import resource
import socket
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from urllib.request import urlopen

from one_worker import start

ROOT = Path(__file__).parents[1]
CLIENTS = 1100
TRIES = 20
NO_DATABASE = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing", "AUTH": "none"}
GET = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
POST = (
    b"POST /api/0f8fad5b-d9cb-469f-a165-70867728950e/tasks HTTP/1.1\r\nHost: x\r\n"
    b'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"title":'
)
KINDS = {
    "connected only": b"",
    "idle after a request": GET,
    "half a head": GET[:20],
    "half a body": POST,
    "answers not read": b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n" * 20,
}


def health(port: int) -> float:
    """Ask once; return after how many seconds the answer was there."""
    began = time.perf_counter()
    urlopen(f"http://127.0.0.1:{port}/health", timeout=60).read()
    return time.perf_counter() - began


def connect(connections: ExitStack, port: int, sent: bytes) -> None:
    """Connect and send, and then do nothing more."""
    connection = connections.enter_context(socket.create_connection(("127.0.0.1", port), 60))
    connection.setblocking(False)
    if sent:
        connection.send(sent)


def main() -> None:
    """Print a line for each kind of client."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(f"{'1,100 clients':<24}{'connected in':>14}{'/health, median':>18}{'slowest':>10}")
    for kind, sent in KINDS.items():
        process, port = start(**NO_DATABASE)
        try:
            with ExitStack() as connections:
                began = time.perf_counter()
                for _ in range(CLIENTS):
                    connect(connections, port, sent)
                connected = time.perf_counter() - began
                seconds = [health(port) for _ in range(TRIES)]
            print(f"{kind:<24}{connected:>12.2f} s{median(seconds):>16.3f} s{max(seconds):>8.3f} s")
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
