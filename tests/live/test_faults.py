"""Clients that dribble, and databases that fall silent."""

import socket
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import requests


@pytest.fixture
def tasks():
    return f"/api/{uuid4()}/tasks"


def test_slow_clients_do_not_keep_others_waiting(serve, on_database, tasks):
    server = serve(**on_database, WEB_CONCURRENCY=1)
    head = f"POST {tasks} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    slow = []
    for _ in range(50):
        client = socket.create_connection(("127.0.0.1", server.port))
        client.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
        slow.append(client)
    answer = requests.post(server.url + tasks, json={"title": "x"}, timeout=30)
    assert answer.status_code == 201
    for client in slow:
        client.close()


def test_clients_beyond_the_pool_are_served_in_turn(serve, on_database, tasks):
    server = serve(**on_database, WEB_CONCURRENCY=1, DATABASE_POOL_SIZE=2)
    with ThreadPoolExecutor(16) as threads:
        answers = threads.map(
            lambda _: requests.post(server.url + tasks, json={"title": "x"}), range(64)
        )
        assert {answer.status_code for answer in answers} == {201}


def test_database_that_falls_silent_is_a_503(serve, tasks):
    """It takes connections, and never says a word: a partition, or a dead proxy."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgres://me@127.0.0.1:{silent.getsockname()[1]}/tasks"
        server = serve(DATABASE_URL=url, AUTH="none", STATEMENT_TIMEOUT_MS=1)
        answer = requests.get(server.url + tasks, timeout=60)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_client_that_stops_in_a_body_nobody_wants_does_not_hold_up_the_end(serve, on_database):
    server = serve(**on_database, WEB_CONCURRENCY=1)
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        assert client.recv(4096).startswith(b"HTTP/1.1 404")
        server.stop()
    # One that has to be killed, when the graceful time is over, says nothing.
    assert "Worker exiting" in server.log.read_text()
