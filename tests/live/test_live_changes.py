"""Waits and streams under the real gunicorn: many of them, its end, and clients that have gone."""

import json
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from uuid import uuid4

import pytest
import requests
from tools.events import STREAM, blocks, events
from tools.server import Server

TOKEN = "0123456789abcdef"
ONE_WORKER = {"WEB_CONCURRENCY": 1, "METRICS_TOKEN": TOKEN}


@pytest.fixture(scope="module")
def server(serve_to_all, on_database) -> Server:
    """One that no test ends: after each, nobody waits."""
    return serve_to_all(**on_database, **ONE_WORKER)


@pytest.fixture
def base(server, user) -> str:
    return f"{server.url}/api/{user}"


@pytest.fixture
def follow() -> Iterator[Callable[..., requests.Response]]:
    """Open a stream; it is closed with the test."""
    with ExitStack() as opened:

        def follow(base: str, **headers: str) -> requests.Response:
            answer = requests.get(
                f"{base}/changes", headers=STREAM | headers, stream=True, timeout=60
            )
            assert answer.status_code == 200
            return opened.enter_context(closing(answer))

        yield follow


def parts(answer: requests.Response) -> Iterator[bytes]:
    """Each part of a stream, as soon as it is there."""
    return answer.raw.stream(1)


def create(base: str) -> dict[str, object]:
    answer = requests.post(f"{base}/tasks", json={"title": "x"}, timeout=60)
    assert answer.status_code == 201
    return answer.json()


def metrics(server: Server) -> str:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return requests.get(f"{server.url}/metrics", headers=headers, timeout=60).text


def waiting(server: Server) -> int:
    """How many requests wait, as the workers have written it down: once a second."""
    found = re.search(r"^tasks_api_waiting_requests ([0-9]+)", metrics(server), re.MULTILINE)
    return int(found[1]) if found else 0


def until_waiting(server: Server, number: int) -> None:
    while waiting(server) != number:
        time.sleep(0.05)


def logged(server: Server, **members: object) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    return [line for line in lines if members.items() <= line.items()]


CHANGES = "/api/<uuid:user_id>/changes"


def test_change_is_told_to_each_worker_s_followers(serve, on_database, user, follow):
    base = f"{serve(**on_database, WEB_CONCURRENCY=2).url}/api/{user}"
    streams = [events(parts(follow(base))) for _ in range(8)]
    for _ in range(3):
        task = create(base)
        assert [next(stream).data["changes"] for stream in streams] == [[task]] * 8


def test_request_that_waits_is_logged_once_and_is_not_in_the_histogram(server, base):
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(requests.get, f"{base}/changes?wait=25", timeout=60)
        until_waiting(server, 1)
        create(base)
    identity = answer.result().headers["X-Request-Id"]
    until_waiting(server, 0)
    [line] = logged(server, request_id=identity)
    assert (line["status"], line["bytes"]) == (200, len(answer.result().content))
    text = metrics(server)
    assert 'route="/api/<uuid:user_id>/tasks"' in text
    assert f'route="{CHANGES}"' not in text


def test_stream_is_logged_once_when_it_is_over(server, base, follow):
    answer = follow(base)
    next(blocks(parts(answer)))
    identity = answer.headers["X-Request-Id"]
    assert logged(server, request_id=identity) == []
    answer.close()
    create(base)
    create(base)
    while not logged(server, request_id=identity):
        time.sleep(0.05)
    [line] = logged(server, request_id=identity)
    assert (line["status"], line["route"], line["bytes"]) == (200, CHANGES, None)


def test_client_that_has_gone_gives_its_place_back(server, base, follow):
    until_waiting(server, 0)
    answer = follow(base)
    until_waiting(server, 1)
    answer.close()
    until_waiting(server, 0)


def test_others_are_served_while_more_wait_than_there_are_connections(
    serve, on_database, user, follow
):
    server = serve(**on_database, **ONE_WORKER, GUNICORN_CMD_ARGS="--worker-connections 4")
    bases = [f"{server.url}/api/{uuid4()}" for _ in range(20)]
    streams = [events(parts(follow(base))) for base in bases]
    with requests.Session() as session:
        for _ in range(10):
            assert session.get(f"{server.url}/health", timeout=60).status_code == 200
    for base, stream in zip(bases, streams, strict=True):
        task = create(base)
        assert next(stream).data["changes"] == [task]
    assert logged(server, message="too many connections") == []


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
def test_end_of_a_worker_ends_waits_with_what_they_have(serve, on_database, user, follow, how):
    server = serve(**on_database, **ONE_WORKER)
    base = f"{server.url}/api/{user}"
    create(base)
    stream = blocks(parts(follow(base, **{"Last-Event-ID": "1"})))
    next(stream)
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(requests.get, f"{base}/changes?since=1&wait=25", timeout=60)
        until_waiting(server, 2)
        server.process.send_signal(how)
        assert answer.result().json()["changes"] == []
    assert answer.result().headers["Connection"] == "close"
    # The stream ends as it should, between two events.
    assert [block.name for block in stream if block.name] == []
    if how == signal.SIGTERM:
        assert server.process.wait(60) == 0
    # One that has to be killed, when the graceful time is over, says nothing.
    while not [line for line in logged(server) if "Worker exiting" in str(line["message"])]:
        time.sleep(0.05)


def test_follower_resumes_at_the_workers_that_follow(serve, on_database, user, follow):
    server = serve(**on_database, **ONE_WORKER)
    base = f"{server.url}/api/{user}"
    first = create(base)
    event = next(events(parts(follow(base))))
    assert event.data["changes"] == [first]
    server.process.send_signal(signal.SIGHUP)
    second = create(base)
    while not (answer := follow(base, **{"Last-Event-ID": event.id})).ok:
        time.sleep(0.05)
    assert next(events(parts(answer))).data["changes"] == [second]


def test_stream_speaks_http_1_0_too(server, base, user):
    with socket.create_connection(("127.0.0.1", server.port), 60) as connection:
        request = f"GET /api/{user}/changes HTTP/1.0\r\nAccept: text/event-stream\r\n\r\n"
        connection.sendall(request.encode())
        received = b""
        while b"\r\n\r\nretry:" not in received:
            received += connection.recv(4096)
        head = received.partition(b"\r\n\r\n")[0].lower()
        assert b"connection: close" in head
        assert b"transfer-encoding" not in head
        task = create(base)
        while b"\n\n" not in received.partition(b"event: changes")[2]:
            received += connection.recv(4096)
        assert str(task["id"]).encode() in received
