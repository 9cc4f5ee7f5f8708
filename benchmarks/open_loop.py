"""Sends requests at a constant rate, however slowly a server answers: an open loop.

A request's latency counts from the moment at which it was to be sent. So it has the time that the
request waits for a connection on which the answer before it hasn't come yet. A load that sends the
next request when it has the last answer, as wrk's, leaves just that out (coordinated omission).
"""

import re
import select
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from math import inf

import gevent
from gevent import socket
from gevent.queue import SimpleQueue

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
# How many seconds an answer may take before the connection is given up, and another one made.
PATIENCE = 10
TICK = 0.001


@dataclass
class Answers:
    """What came of some requests.

    Args:
        rate: how many were to be sent a second.
        number: how many there were.
        seconds: the latency of each that was answered with a status below 400.
        statuses: how many had each status; 0 stands for a connection that ended, or was given up.
        without_retry_after: how many 503 don't say when to come again.
        late: how many seconds the load itself was late, at each look at what is to be sent.
        elapsed: after how many seconds the last answer was there.
    """

    rate: float
    number: int
    elapsed: float = 0
    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    without_retry_after: int = 0
    late: list[float] = field(default_factory=list)

    def percentile(self, percent: float) -> float:
        """Return in how many milliseconds this part of all requests was answered."""
        place = int(self.number * percent / 100)
        return sorted(self.seconds)[place] * 1000 if place < len(self.seconds) else inf


def run(port: int, requests: list[bytes], rate: float, seconds: float, connections: int) -> Answers:
    """Send requests in turn, over this many connections; return what came of them.

    Args:
        requests: as they go over the wire.
        rate: how many a second.
    """
    answers, due, turn = Answers(rate, int(rate * seconds)), SimpleQueue(), cycle(requests)
    senders = [gevent.spawn(_send, _connect(port), turn, due, answers) for _ in range(connections)]
    # Until the server has taken them.
    gevent.sleep(1)
    began, sent = time.perf_counter(), 0
    while sent < answers.number:
        now, moment = time.perf_counter(), began + sent / rate
        answers.late.append(now - moment)
        while moment <= now and sent < answers.number:
            due.put(moment)
            sent += 1
            moment = began + sent / rate
        gevent.sleep(max(TICK, moment - time.perf_counter()))
    end = time.perf_counter() + PATIENCE
    while answers.statuses.total() < sent and time.perf_counter() < end:
        gevent.sleep(0.01)
    answers.elapsed = time.perf_counter() - began
    gevent.killall(senders)
    return answers


def _send(
    connection: socket.socket, turn: Iterator[bytes], due: SimpleQueue, answers: Answers
) -> None:
    """Send what is due over a connection, or over another one when it has ended."""
    port = connection.getpeername()[1]
    while True:
        moment, request, status, head = due.get(), next(turn), 0, b""
        # As clients do, once more: the server may just have ended a connection that was idle.
        for _ in range(2):
            try:
                if _has_ended(connection):
                    connection.close()
                    connection = _connect(port)
                connection.sendall(request)
                status, head = _receive(connection)
                break
            except TimeoutError:
                connection.close()
                break
            except OSError:
                connection.close()
        answers.statuses[status] += 1
        if 0 < status < 400:
            answers.seconds.append(time.perf_counter() - moment)
        elif status == 503 and b"\r\nretry-after:" not in head.lower():
            answers.without_retry_after += 1


def _connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), PATIENCE)


def _has_ended(connection: socket.socket) -> bool:
    """Return whether there is something to read while nothing is asked: the end."""
    if connection.closed:
        return True
    waiting = select.poll()
    waiting.register(connection, select.POLLIN)
    return bool(waiting.poll(0))


def _receive(connection: socket.socket) -> tuple[int, bytes]:
    """Return the status and the head of the next answer; OSError if it ends, or takes too long."""
    received, head, whole = b"", b"", 0
    while not head or len(received) < whole:
        data = connection.recv(65536)
        if not data:
            raise ConnectionError
        received += data
        if not head and (end := received.find(b"\r\n\r\n")) >= 0:
            head = received[: end + 2]
            length = LENGTH.search(head)
            whole = end + 4 + int(length[1] if length else 0)
    return int(head.split(b" ", 2)[1]), head
