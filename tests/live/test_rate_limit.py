"""The rate limit under the real gunicorn: one count for all workers, and no waiting for Redis."""

import socket
from collections import Counter
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from uuid import uuid4

import requests
from tools.racing import race
from tools.redis_servers import needs_redis, redis_server
from tools.server import free_port

LIMIT = 20
USER = uuid4()


def test_exactly_so_many_pass_whichever_worker_they_come_to(serve, on_database):
    """Two servers of two workers each, and twice as many requests at the same moment."""
    with redis_server(free_port()) as storage:
        settings = {"RATE_LIMIT": f"{LIMIT}/day", "RATE_LIMIT_STORAGE_URL": storage}
        servers = [serve(**on_database, **settings, WEB_CONCURRENCY=2) for _ in range(2)]
        path = f"/api/{uuid4()}/tasks"
        answers = race(2 * LIMIT, lambda index: requests.get(f"{servers[index % 2].url}{path}"))
    assert Counter(answer.status_code for answer in answers) == {200: LIMIT, 429: LIMIT}
    left = sorted(answer.headers["RateLimit"].split(";")[1] for answer in answers)
    assert left == sorted([f"r={max(0, LIMIT - number)}" for number in range(1, 2 * LIMIT + 1)])


@needs_redis
def test_flood_of_one_user_is_counted_as_exactly_as_a_trickle(serve, on_database):
    """900 connections send at once: far more than a pool of connections would have."""
    with redis_server(free_port(), query="") as storage:
        limit = {"RATE_LIMIT": f"{LIMIT}/day", "RATE_LIMIT_STORAGE_URL": storage}
        server = serve(**on_database, **limit, WEB_CONCURRENCY=2)
        statuses = Counter()
        with ExitStack() as opened:
            connections = [
                opened.enter_context(closing(HTTPConnection("127.0.0.1", server.port)))
                for _ in range(900)
            ]
            for connection in connections:
                connection.request("GET", f"/api/{USER}/tasks")
            for connection in connections:
                answer = connection.getresponse()
                answer.read()
                statuses[answer.status] += 1
    assert statuses == {200: LIMIT, 429: 900 - LIMIT}
    assert "can't be used" not in server.log.read_text()


def test_requests_do_not_wait_for_a_redis_that_is_silent(serve, on_database):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        storage = f"redis://127.0.0.1:{silent.getsockname()[1]}?socket_timeout=0.2"
        server = serve(
            **on_database, RATE_LIMIT="1/day", RATE_LIMIT_STORAGE_URL=storage, WEB_CONCURRENCY=2
        )
        url = f"{server.url}/api/{uuid4()}/tasks"
        answers = race(2 * LIMIT, lambda _: requests.get(url))
        assert {answer.status_code for answer in answers} == {200}
        server.stop()
    warnings = server.log.read_text().count("the storage of RATE_LIMIT can't be used")
    assert 1 <= warnings <= 2, "one of each worker at most"


def test_client_behind_a_proxy_cannot_choose_its_address(serve, on_database):
    server = serve(**on_database, WEB_CONCURRENCY=1, RATE_LIMIT="9/day", TRUSTED_PROXIES=1)
    left = []
    with closing(HTTPConnection("127.0.0.1", server.port)) as connection:
        for name in ("X-Forwarded-For", "X_Forwarded_For", "X-Real-IP"):
            connection.putrequest("GET", "/docs")
            connection.putheader(name, f"203.0.113.{len(left)}")
            # This is what the proxy appends.
            connection.putheader("X-Forwarded-For", "198.51.100.1")
            connection.endheaders()
            answer = connection.getresponse()
            answer.read()
            left.append(answer.headers["RateLimit"].split(";")[1])
    assert left == ["r=8", "r=7", "r=6"]
