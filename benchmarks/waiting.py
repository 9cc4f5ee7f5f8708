"""What requests that wait for changes cost: 5,000 streams at one worker, and writes by another.

    .venv/bin/python benchmarks/waiting.py

Prints the memory of each stream, the CPU time while nothing happens, how long after a write in
another process its event comes, and what a get takes with the streams and without them.
"""

import argparse
import json
import random
import resource
import selectors
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles
from urllib.request import Request, urlopen
from uuid import uuid4

import psutil
from one_worker import start

ROOT = Path(__file__).parents[1]
STREAM = "GET /api/{user}/changes?since=1 HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"
SETTLE = 10


def worker_of(process: subprocess.Popen[bytes]) -> psutil.Process:
    """Return the worker: of gunicorn's children, the one that is gunicorn, too."""
    children = psutil.Process(process.pid).children()
    return next(child for child in children if "gunicorn" in " ".join(child.cmdline()))


def create(url: str, user: str) -> None:
    """Create a task."""
    headers = {"Content-Type": "application/json"}
    body = json.dumps({"title": "x"}).encode()
    urlopen(Request(f"{url}/api/{user}/tasks", body, headers), timeout=60).read()


def gets(url: str, user: str, number: int = 1000) -> str:
    """Get a list again and again; return how long it took."""
    seconds = []
    for _ in range(number):
        began = time.perf_counter()
        urlopen(f"{url}/api/{user}/tasks", timeout=60).read()
        seconds.append(time.perf_counter() - began)
    return percentiles(seconds)


def percentiles(seconds: list[float]) -> str:
    """Write the median and the 99th percentile."""
    return f"{median(seconds) * 1000:.1f} ms, p99 {quantiles(seconds, n=100)[-1] * 1000:.1f} ms"


def seconds_to_event(url: str, user: str, connection: socket.socket) -> float:
    """Write in another process; return after how many seconds the event is there."""
    connection.setblocking(False)
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        # The comments until now.
        while selector.select(0):
            connection.recv(65536)
        create(url, user)
        began, received = time.perf_counter(), b""
        while b"event: changes" not in received:
            selector.select(60)
            received += connection.recv(65536)
    return time.perf_counter() - began


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--streams", type=int, default=5000)
    parser.add_argument("--writes", type=int, default=300)
    given = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        data = Path(directory)
        servers = [start(DATA_DIR=str(data)) for _ in range(2)]
        for process, *_ in servers:
            stack.callback(process.wait)
            stack.callback(process.terminate)
        (one, port), (_, other_port) = servers
        url, other = (f"http://127.0.0.1:{number}" for number in (port, other_port))
        worker = worker_of(one)
        users = [str(uuid4()) for _ in range(given.streams)]
        for user in users:
            create(other, user)
        print("a get before:", gets(url, users[0]))
        memory = worker.memory_info().rss
        connections = []
        for user in users:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), 60))
            connection.sendall(STREAM.format(user=user).encode())
            connections.append(connection)
            time.sleep(0.002)
        # Until each has had its first comment.
        time.sleep(SETTLE)
        memory = worker.memory_info().rss - memory
        print(f"memory of each of {given.streams} streams: {memory / given.streams / 1024:.0f} KiB")
        began, before = time.perf_counter(), sum(worker.cpu_times()[:2])
        time.sleep(30)
        cpu = (sum(worker.cpu_times()[:2]) - before) / (time.perf_counter() - began)
        print(f"CPU of the worker while nothing happens: {cpu:.1%}")
        told = []
        for number in range(given.writes):
            chosen = number % given.streams
            told.append(seconds_to_event(other, users[chosen], connections[chosen]))
            # Otherwise each write would come right after a question for the counters.
            time.sleep(random.random())
        print("from a write in another process to the event:", percentiles(told))
        print("a get beside them:", gets(url, users[0]))


if __name__ == "__main__":
    main()
