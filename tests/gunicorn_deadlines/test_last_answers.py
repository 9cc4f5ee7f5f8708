"""A connection's last answer arrives, even if the client is still sending; and then it ends."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from email.utils import parsedate_to_datetime

import gevent
import pytest
import requests
from gevent import socket as gevent_socket
from tools.server import Server

from gunicorn_deadlines import client as client_module
from gunicorn_deadlines.client import Client, Patience
from gunicorn_deadlines.clients import Clients
from gunicorn_deadlines.metrics import Metrics

pytestmark = pytest.mark.measured

# More than the buffers between the two can hold, and less than is read to no purpose.
MUCH = 3 * 1024 * 1024
NOWHERE = b"POST /nowhere HTTP/1.1\r\nHost: x\r\n"
TASKS = b"POST /api/6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11/tasks HTTP/1.1\r\nHost: x\r\n"
JSON = b"Content-Type: application/json\r\n"
LENGTH = b"Content-Length: %d\r\n\r\n" % MUCH
BODY = b"x" * MUCH
CASES = {
    "a body that is too large": (TASKS + JSON + LENGTH + BODY, 413),
    "chunks that are too large": (
        TASKS + JSON + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % MUCH + BODY + b"\r\n0\r\n\r\n",
        413,
    ),
    "a body that was announced": (TASKS + JSON + b"Expect: 100-continue\r\n" + LENGTH + BODY, 413),
    "a body that nobody wants": (NOWHERE + LENGTH + BODY, 404),
    "a body that nobody wants, and the end": (
        NOWHERE + b"Connection: close\r\n" + LENGTH + BODY,
        404,
    ),
    "a malformed head": (b"GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n" + BODY, 400),
    "a line that never ends": (b"GET /" + BODY, 414),
    "malformed chunks": (TASKS + JSON + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n" + BODY, 400),
    "requests after the last one": (
        b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        + b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n" * (MUCH // 40),
        200,
    ),
}


@pytest.fixture(scope="module")
def server(serve_to_all, on_database) -> Server:
    return serve_to_all(**on_database)


def test_answer_says_in_which_second_it_was_made(server):
    # RFC 9110, section 6.6.1. The second one is of another second than the first.
    for _ in range(2):
        before = int(time.time())
        answer = requests.get(f"{server.url}/health", timeout=60)
        made = parsedate_to_datetime(answer.headers["Date"]).timestamp()
        assert before <= made <= time.time()
        while int(time.time()) == before:
            time.sleep(0.01)


@contextmanager
def connected(server: Server) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), 60) as connection:
        yield connection


def answer(connection: socket.socket) -> bytes:
    """All that comes until the server ends its side."""
    received = b""
    while data := connection.recv(65536):
        received += data
    return received


def send_for_ever(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"x")
        time.sleep(0.1)


@pytest.mark.parametrize(("sent", "status"), CASES.values(), ids=CASES)
def test_client_that_sends_all_before_it_reads_gets_its_answer(server, sent, status):
    with connected(server) as connection:
        connection.sendall(sent)
        head, _, body = answer(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nConnection: close" in head
    assert body.count(b"HTTP/1.1") == 0


def test_client_that_never_ends_its_side_is_left_in_the_end(server):
    with connected(server) as connection:
        connection.sendall(CASES["a malformed head"][0])
        assert answer(connection).startswith(b"HTTP/1.1 400 ")
        with pytest.raises(ConnectionError):
            send_for_ever(connection)


def test_client_that_never_ends_its_side_does_not_keep_the_worker_from_ending(serve, on_database):
    server = serve(**on_database)
    with connected(server) as connection:
        connection.sendall(CASES["a malformed head"][0])
        assert answer(connection).startswith(b"HTTP/1.1 400 ")
        assert server.stop() == 0


FOR_EVER = Patience(head=1e9, body=1e9, body_bytes_per_second=1, answer=1e9, idle=1e9)
METRICS = Metrics("test_last_answers")


@pytest.fixture
def connect(
    monkeypatch,
) -> Iterator[Callable[[Clients, Callable[[Client], object]], gevent.Greenlet]]:
    """Let a client of some clients do something, on a connection that never ends by itself."""
    monkeypatch.setattr(client_module, "LINGER_SECONDS", 1e9)
    with ExitStack() as sockets:

        def make(clients: Clients, do: Callable[[Client], object]) -> gevent.Greenlet:
            ours, _ = map(sockets.enter_context, gevent_socket.socketpair())
            client = Client(ours, FOR_EVER, clients.waiting)
            clients.add(client)
            doing = gevent.spawn(do, client)
            # Until it waits.
            gevent.sleep(0)
            return doing

        yield make


def test_client_that_has_had_its_last_answer_goes_first_for_another_one(connect):
    clients = Clients(2, METRICS, lambda: 0)
    waiting = connect(clients, lambda client: client.recv(1))
    lingering = connect(clients, Client.linger)
    connect(clients, lambda client: client.recv(1))
    lingering.join(60)
    assert (lingering.ready(), waiting.ready()) == (True, False)
    waiting.kill()


def test_client_that_has_had_its_last_answer_goes_when_the_worker_ends(connect):
    clients = Clients(9, METRICS, lambda: 0)
    before = connect(clients, Client.linger)
    clients.end()
    after = connect(clients, Client.linger)
    # Once a second, also while the worker waits for the answers that are still to come.
    clients.drop_late()
    gevent.joinall([before, after], 60)
    assert (before.ready(), after.ready()) == (True, True)
