"""A request that the application never sees is answered as it would have been: to pages, too."""

import json
import socket
from email.utils import parsedate_to_datetime

import pytest
from tools.server import Server

pytestmark = pytest.mark.measured

ORIGIN = b"https://app.example"
FROM_PAGE = b"Host: x\r\nOrigin: " + ORIGIN + b"\r\n"
LONG = b"x" * 9000
TASKS = b"POST /api/6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11/tasks HTTP/1.1\r\n"
REFUSED = {
    "a bad method": (b"get / HTTP/1.1\r\n" + FROM_PAGE + b"\r\n", 400),
    "a header without a colon": (b"GET / HTTP/1.1\r\n" + FROM_PAGE + b"x\r\n\r\n", 400),
    "half a head": (b"GET / HTTP/1.1\r\n" + FROM_PAGE, 408),
    "half a body": (TASKS + FROM_PAGE + b"Content-Length: 9\r\n\r\n{", 408),
    "a long line": (b"GET /?" + LONG + b" HTTP/1.1\r\n" + FROM_PAGE + b"\r\n", 414),
    "a long line and half a head": (b"GET /?" + LONG + b" HTTP/1.1\r\n" + FROM_PAGE, 414),
    "an expectation": (b"GET / HTTP/1.1\r\n" + FROM_PAGE + b"Expect: tea\r\n\r\n", 417),
    "a long header": (b"GET / HTTP/1.1\r\nX-Long: " + LONG + b"\r\n" + FROM_PAGE + b"\r\n", 431),
    "a coding": (TASKS + FROM_PAGE + b"Transfer-Encoding: x\r\n\r\n", 501),
}


@pytest.fixture(scope="module")
def server(serve_to_all, on_database) -> Server:
    return serve_to_all(
        **on_database,
        CORS_ORIGINS="https://other.example, https://app.example",
        REQUEST_HEAD_SECONDS=1,
        REQUEST_BODY_SECONDS=1,
    )


@pytest.fixture(scope="module")
def patient(serve_to_all, on_database) -> Server:
    """One that lets no page of another origin in, and waits long."""
    return serve_to_all(**on_database, REQUEST_HEAD_SECONDS=600)


def refusal(server: Server, *pieces: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send something in pieces; return the status, the headers and the body of the answer."""
    with socket.create_connection(("127.0.0.1", server.port), 60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
        received = b""
        while data := connection.recv(65536):
            received += data
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    return int(status.split()[1]), dict(line.split(": ", 1) for line in lines), body


@pytest.mark.parametrize(("sent", "status"), REFUSED.values(), ids=REFUSED)
def test_page_can_read_why_its_request_was_refused(server, sent, status):
    given, headers, body = refusal(server, sent)
    assert given == status == json.loads(body)["status"]
    assert headers["Access-Control-Allow-Origin"] == ORIGIN.decode()
    assert "X-Request-Id" in headers["Access-Control-Expose-Headers"].split(", ")
    assert "Origin" in headers["Vary"].split(", ")


@pytest.mark.parametrize("sent", ["a bad method", "half a head", "a long line", "a long header"])
@pytest.mark.parametrize("origin", [b"https://evil.example", b"https://app.example.evil", b"null"])
def test_page_of_another_origin_cannot(server, sent, origin):
    before, status = REFUSED[sent]
    given, headers, _ = refusal(server, before.replace(ORIGIN, origin))
    assert given == status
    assert not [name for name in headers if name.startswith("Access-Control")]
    assert headers["Vary"] == "Origin"


def test_refusal_says_when_it_was_made_and_that_nobody_may_keep_it(server):
    # RFC 9110, section 6.6.1. A 414 may be kept otherwise (section 15.1).
    _, headers, _ = refusal(server, REFUSED["a long line"][0])
    assert parsedate_to_datetime(headers["Date"])
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_origin_is_found_behind_a_long_line_however_the_head_is_cut(server):
    sent = REFUSED["a long line"][0]
    status, headers, _ = refusal(server, sent[:8500], sent[8500:9050], sent[9050:])
    assert (status, headers["Access-Control-Allow-Origin"]) == (414, ORIGIN.decode())


def test_line_that_never_ends_is_read_to_a_limit_only(server):
    status, headers, _ = refusal(server, b"GET /?" + b"x" * 200_000)
    assert (status, headers["Connection"]) == (414, "close")


def test_head_that_ends_in_a_long_line_is_waited_for_no_longer(patient):
    with socket.create_connection(("127.0.0.1", patient.port), 60) as connection:
        connection.sendall(b"GET /?" + LONG)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(65536).startswith(b"HTTP/1.1 414 ")


def test_origin_of_the_request_before_counts_for_no_other(server):
    before = b"GET /health HTTP/1.1\r\n" + FROM_PAGE + b"\r\n"
    with socket.create_connection(("127.0.0.1", server.port), 60) as connection:
        connection.sendall(before + b"get / HTTP/1.1\r\nHost: x\r\n\r\n")
        received = b""
        while data := connection.recv(65536):
            received += data
    first, second = received.split(b"HTTP/1.1 ")[1:]
    assert (first[:3], second[:3]) == (b"200", b"400")
    assert [b"Allow-Origin" in answer for answer in (first, second)] == [True, False]


def test_without_origins_nothing_is_said_of_them(patient):
    _, headers, _ = refusal(patient, REFUSED["a long header"][0])
    assert not [name for name in headers if name.startswith("Access-Control")]
    assert "Vary" not in headers
