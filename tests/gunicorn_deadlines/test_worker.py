"""How a worker begins and ends, and what gunicorn is told on the side."""

import json
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from tools.server import GUNICORN, ROOT, Server, environment, free_port

GET = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"


def lines(server: Server) -> list[dict[str, object]]:
    return [json.loads(line) for line in server.log.read_text().splitlines()]


def messages(server: Server, start: str) -> list[str]:
    found = [str(line["message"]) for line in lines(server)]
    return [message for message in found if message.startswith(start)]


def answers(connection: socket.socket) -> Iterator[bytes]:
    """Ask for the same again and again, until the server says that it was the last time."""
    last = False
    while not last:
        connection.sendall(GET)
        answer = connection.recv(65536)
        last = b"\r\nConnection: close\r\n" in answer
        yield answer


def test_kept_connection_gets_a_last_answer_that_says_so(serve, on_database):
    server = serve(**on_database)
    with socket.create_connection(("127.0.0.1", server.port), 60) as connection:
        connection.sendall(GET)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        server.process.send_signal(signal.SIGTERM)
        assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in answers(connection))
        assert connection.recv(65536) == b""
    assert server.process.wait(60) == 0


def test_idle_connection_does_not_keep_the_worker_from_ending(serve, on_database):
    server = serve(**on_database)
    with socket.create_connection(("127.0.0.1", server.port), 60) as connection:
        connection.sendall(GET)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert server.stop() == 0
        assert connection.recv(65536) == b""
    # One that has to be killed, when the graceful time is over, says nothing.
    assert messages(server, "Worker exiting")


def test_new_workers_take_over_without_a_failed_request(serve, on_database):
    server = serve(**on_database, WEB_CONCURRENCY=2)

    def until_replaced(_: int) -> set[int]:
        with requests.Session() as session:
            seen = set()
            while len(messages(server, "Worker exiting")) < 2:
                seen |= {session.get(f"{server.url}/health").status_code for _ in range(20)}
        return seen

    with ThreadPoolExecutor(4) as threads:
        seen = threads.map(until_replaced, range(4))
        server.process.send_signal(signal.SIGHUP)
        assert set.union(*seen) == {200}


@pytest.mark.measured
def test_worker_is_replaced_after_as_many_requests_as_gunicorn_is_told(serve, on_database):
    options = "--max-requests 3"
    server = serve(**on_database, GUNICORN_CMD_ARGS=options)
    while len(messages(server, "Booting worker")) < 2:
        assert requests.get(f"{server.url}/health").status_code == 200


def test_as_many_files_can_be_open_as_a_worker_has_connections(serve, on_database):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    try:
        server = serve(**on_database)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)[0] == 8192


def test_ctrl_c_in_a_terminal_ends_without_a_word_of_python(serve, on_database):
    server = serve(**on_database)
    # A terminal sends it to every process of the group.
    os.killpg(server.process.pid, signal.SIGINT)
    assert server.process.wait(60) == 0
    assert [line for line in lines(server) if line["level"] == "ERROR"] == []


def test_each_request_is_logged_once_whatever_gunicorn_is_told(serve, on_database):
    server = serve(**on_database, GUNICORN_CMD_ARGS="--access-logfile - --log-file -")
    answer = requests.get(f"{server.url}/health?secret")
    server.stop()
    assert "secret" not in server.log.read_text()
    [line] = [
        line for line in lines(server) if line.get("request_id") == answer.headers["X-Request-Id"]
    ]
    assert line["status"] == answer.status_code


BROKEN = """
def app(environ, start_response):
    start_response("200 OK", [])
    if environ["PATH_INFO"] == "/broken":
        raise RuntimeError("before the answer")
    if environ["PATH_INFO"] == "/half":
        return half()
    return [b"whole"]

def half():
    yield b"half"
    raise RuntimeError("in the middle of the answer")
"""


@pytest.mark.measured
def test_answer_that_is_not_whole_can_not_pass_for_one(serve, on_database, tmp_path):
    (tmp_path / "wsgi.py").write_text(BROKEN)
    server = serve(**on_database, GUNICORN_CMD_ARGS=f"--chdir {tmp_path}")
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{server.url}/broken")
    # Its length isn't known, so each part of it is sent when it is there.
    with requests.get(f"{server.url}/half", stream=True) as answer:
        parts = answer.iter_content(None)
        assert next(parts) == b"half"
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            next(parts)
    assert requests.get(server.url).text == "whole"
    defects = [line for line in lines(server) if line["level"] == "ERROR"]
    assert ["RuntimeError" in str(line["traceback"]) for line in defects] == [True, True]


def test_service_listens_at_an_address_of_version_6(on_database, tmp_path):
    """A name and those of version 4 are where the terminal is told where to go."""
    server = Server(port=free_port(), log=tmp_path / "log", process=None)
    settings = environment(**on_database, HOST="::1", PORT=server.port, WEB_CONCURRENCY=1)
    with server.log.open("wb") as log:
        server.process = subprocess.Popen(GUNICORN, cwd=ROOT, env=settings, stdout=log)
    try:
        while not messages(server, "Listening at"):
            assert server.process.poll() is None
            time.sleep(0.05)
        assert requests.get(f"http://[::1]:{server.port}/health").status_code == 200
    finally:
        server.stop()
