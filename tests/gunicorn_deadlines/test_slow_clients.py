"""Clients that keep a worker waiting: for how long, and who has to go when there are too many."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from uuid import uuid4

import pytest
import requests
from tools.server import Server

pytestmark = pytest.mark.measured

SHORT = {
    "REQUEST_HEAD_SECONDS": 1,
    "REQUEST_BODY_SECONDS": 1,
    "ANSWER_SECONDS": 1,
    "KEEPALIVE_SECONDS": 1,
}
LONG = dict.fromkeys(SHORT, 600)
GET = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
BUNDLE = b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n"
HALF_A_HEAD = b"GET /health HTTP/1.1\r\nHost:"


def post(*framing: str) -> bytes:
    lines = [f"POST /api/{uuid4()}/tasks HTTP/1.1", "Host: x", "Content-Type: application/json"]
    return "\r\n".join([*lines, *framing, "", ""]).encode()


HALF_A_BODY = post("Content-Length: 100") + b'{"title":'
HALF_A_CHUNK = post("Transfer-Encoding: chunked") + b'ff\r\n{"title":'


@pytest.fixture(scope="module")
def impatient(serve_to_all, on_database) -> Server:
    """A server that waits for nobody longer than a second."""
    return serve_to_all(**on_database, **SHORT)


@pytest.fixture(scope="module")
def waiting_for_all_but_heads(serve_to_all, on_database) -> Server:
    """A server that waits a second for the head of a request, and long for all else."""
    return serve_to_all(**on_database, **LONG | {"REQUEST_HEAD_SECONDS": 1})


@pytest.fixture(scope="module")
def small(serve_to_all, on_database) -> Server:
    """A patient server that takes four connections."""
    options = "--worker-connections 4"
    return serve_to_all(**on_database, **LONG, GUNICORN_CMD_ARGS=options)


@pytest.fixture
def connect() -> Iterator[Callable[..., socket.socket]]:
    """Connect and send something; the connections are closed with the test."""
    with ExitStack() as connections:

        def make(server: Server, sent: bytes = b"") -> socket.socket:
            address = ("127.0.0.1", server.port)
            connection = connections.enter_context(socket.create_connection(address, 60))
            connection.sendall(sent)
            return connection

        yield make


def rest(connection: socket.socket) -> bytes:
    """All that comes until the server closes the connection."""
    received = b""
    # It is reset where the server has not read all that was sent.
    with suppress(ConnectionResetError):
        while data := connection.recv(65536):
            received += data
    return received


def logged(server: Server, **members: object) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    return [line for line in lines if members.items() <= line.items()]


def until_logged(server: Server, **members: object) -> None:
    while not logged(server, **members):
        time.sleep(0.05)


@pytest.mark.parametrize(
    "sent",
    [HALF_A_HEAD, HALF_A_BODY, HALF_A_CHUNK],
    ids=["half a head", "half a body", "half a chunk"],
)
def test_request_that_does_not_come_to_its_end_is_a_408(impatient, connect, sent):
    head, _, body = rest(connect(impatient, sent)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert b"\r\nConnection: close" in head
    assert b"\r\nContent-Type: application/problem+json" in head
    assert head.count(b"HTTP/1.") == 1
    problem = json.loads(body)
    [line] = logged(impatient, request_id=problem["request_id"])
    assert line["status"] == 408


@pytest.mark.parametrize(
    "sent", [b"", GET, GET + GET], ids=["nothing", "a request", "two requests"]
)
def test_connection_that_is_idle_is_closed_without_a_word(impatient, connect, sent):
    received = rest(connect(impatient, sent))
    assert received.count(b"HTTP/1.1 200 OK") == received.count(b"HTTP/1.") == sent.count(b"GET")


@pytest.mark.parametrize("whole", [GET, post("Content-Length: 2") + b"{}"], ids=["get", "post"])
def test_request_that_begins_with_the_one_before_has_no_more_time(
    waiting_for_all_but_heads, connect, whole
):
    received = rest(connect(waiting_for_all_but_heads, whole + HALF_A_HEAD))
    assert received.count(b"HTTP/1.1 ") == 2
    assert b"HTTP/1.1 408 " in received


def test_body_that_nobody_wants_and_that_never_ends_closes_the_connection(impatient, connect):
    received = rest(connect(impatient, HALF_A_BODY.replace(b"/api/", b"/nowhere/")))
    assert received.startswith(b"HTTP/1.1 404 ")
    assert received.count(b"HTTP/1.") == 1


def test_body_that_comes_slowly_but_steadily_is_waited_for(serve, on_database, connect):
    server = serve(**on_database, **SHORT, REQUEST_BODY_BYTES_PER_SECOND=1)
    body = json.dumps({"title": "x" * 60}).encode()
    connection = connect(server, post(f"Content-Length: {len(body)}", "Connection: close"))
    for start in range(0, len(body), 10):
        connection.sendall(body[start : start + 10])
        # Together they take more than the time that a body has without what it earns.
        time.sleep(0.5)
    assert rest(connection).startswith(b"HTTP/1.1 201 ")


def test_client_that_does_not_take_its_answers_is_dropped(impatient, connect):
    connection = connect(impatient, BUNDLE * 20)
    until_logged(impatient, message="a client has not taken its answer")
    assert 0 < rest(connection).count(b"HTTP/1.1 200 ") < 20


@pytest.mark.parametrize(
    "sent",
    [b"", GET, HALF_A_HEAD, HALF_A_BODY, HALF_A_CHUNK, BUNDLE * 20],
    ids=["nothing", "idle", "half a head", "half a body", "half a chunk", "answers not taken"],
)
def test_others_are_served_while_all_connections_are_taken(small, connect, sent):
    warning = {"message": "too many connections", "level": "WARNING"}
    before = len(logged(small, **warning))
    for _ in range(20):
        connect(small, sent)
    for _ in range(3):
        assert requests.get(f"{small.url}/health", timeout=30).status_code == 200
    assert len(logged(small, **warning)) > before


def test_connection_that_has_kept_the_worker_waiting_longest_goes_first(
    serve, on_database, connect
):
    server = serve(GUNICORN_CMD_ARGS="--worker-connections 2", **on_database, **LONG)
    first, second = connect(server, GET), connect(server, GET)
    assert first.recv(4096).startswith(b"HTTP/1.1 200 ")
    assert second.recv(4096).startswith(b"HTTP/1.1 200 ")
    first.sendall(GET)
    assert first.recv(4096).startswith(b"HTTP/1.1 200 ")
    connect(server)
    assert rest(second) == b""
    first.sendall(GET)
    assert first.recv(4096).startswith(b"HTTP/1.1 200 ")
