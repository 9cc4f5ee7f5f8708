"""A user's requests pass until a window is full, the next one is a 429, and all answers say so."""

import re
import socket
import subprocess
import sys
from contextlib import closing
from functools import partial
from uuid import uuid4

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from redis import Redis
from tools.issuer import Clock
from tools.jwt_settings import WITH_SECRET, as_fields
from tools.racing import meanwhile, race
from tools.redis_servers import needs_redis, redis_server
from tools.server import environment, free_port

from tasks_api.app import create_app
from tasks_api.cli import mint
from tasks_api.config import Config
from tasks_api.http import rate_limit, redis_counters
from tasks_api.http.rate_counters import MemoryCounters, Window
from tasks_api.http.redis_counters import RedisCounters
from tasks_api.http.settings import Rate

LIMIT, SECONDS = 4, 60
ORIGIN = "https://app.example"
FIELDS = {"RateLimit", "RateLimit-Policy"}
JWT = as_fields(WITH_SECRET)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limited(database_url, clock, monkeypatch):
    """Make a client of a limited application, on a clock that stands still."""
    monkeypatch.setattr(rate_limit, "MemoryCounters", partial(MemoryCounters, now=clock))

    def make(**settings):
        config = Config(database_url=database_url, rate_limit=Rate(LIMIT, SECONDS), **settings)
        return create_app(config).test_client()

    return make


def said(answer) -> tuple[str, str]:
    return answer.headers["RateLimit-Policy"], answer.headers["RateLimit"]


def left(answer) -> int:
    return int(re.search(";r=([0-9]+);", answer.headers["RateLimit"])[1])


def use_up(client, path, **kwargs) -> list[int]:
    return [client.get(path, **kwargs).status_code for _ in range(LIMIT)]


def test_requests_pass_up_to_the_limit_and_again_when_the_window_is_over(limited, path, clock):
    client = limited()
    for rest in (3, 2, 1, 0):
        answer = client.get(path)
        assert answer.status_code == 200
        assert said(answer) == ('"user";q=4;w=60', f'"user";r={rest};t=60')
        assert "Retry-After" not in answer.headers
    clock.advance(20.5)
    answer = client.get(path)
    assert (answer.status_code, answer.content_type) == (429, "application/problem+json")
    assert said(answer) == ('"user";q=4;w=60', '"user";r=0;t=40')
    assert answer.headers["Retry-After"] == "40"
    assert answer.json == {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "This user may send at most 4 requests in 60 seconds; try again in 40.",
        "request_id": answer.headers["X-Request-Id"],
    }
    clock.advance(39.5)
    assert left(client.get(path)) == 3


def test_request_that_is_refused_changes_nothing(limited, client, path):
    limited_client = limited()
    for number in range(LIMIT + 2):
        limited_client.post(path, json={"title": str(number)})
    assert len(client.get(path).json) == LIMIT


def test_each_user_has_an_allowance_of_their_own(limited, path):
    client = limited()
    use_up(client, path)
    assert client.get(path).status_code == 429
    assert left(client.get(f"/api/{uuid4()}/tasks")) == 3


def test_each_kind_of_answer_counts_as_one_request(limited, path):
    client = limited()
    key = {"Idempotency-Key": "k"}
    created = client.post(path, json={"title": "x"}, headers=key)
    replayed = client.post(path, json={"title": "x"}, headers=key)
    batch = client.post(f"{path}/batch", json=[{"title": "x"}, {"title": "y"}])
    assert [answer.status_code for answer in (created, replayed, batch)] == [201, 201, 201]
    assert [left(answer) for answer in (created, replayed, batch)] == [3, 2, 1]
    refused = client.get(f"{path}?limit=0")
    assert (refused.status_code, left(refused)) == (422, 0)


def test_copy_that_is_still_good_counts(limited, path):
    client = limited()
    copy = {"If-None-Match": client.get(path).headers["ETag"]}
    answer = client.get(path, headers=copy)
    assert (answer.status_code, left(answer)) == (304, 2)


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics"])
def test_platforms_ask_for_free(limited, path):
    client = limited()
    use_up(client, "/docs")
    answer = client.get(path)
    assert answer.status_code != 429
    assert not FIELDS & set(answer.headers.keys())


def test_preflight_is_free(limited, path):
    client = limited(cors_origins=(ORIGIN,))
    use_up(client, path)
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    answer = client.options(path, headers=asked)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, ORIGIN)
    assert not FIELDS & set(answer.headers.keys())


def test_requests_without_a_user_count_by_address(limited, path):
    client = limited()
    for used, unowned in enumerate(("/", "/docs", "/nowhere", "/api/not-a-uuid/tasks")):
        answer = client.get(unowned)
        assert said(answer) == ('"address";q=4;w=60', f'"address";r={3 - used};t=60')
    answer = client.get("/openapi.json")
    assert answer.status_code == 429
    assert answer.json["detail"].startswith("This address may send at most 4 requests")
    assert client.get(path).status_code == 200


def test_stranger_uses_up_nobodys_allowance(limited, path, user):
    client = limited(**JWT)
    for headers in ({}, {"Authorization": "Bearer forged"}):
        answer = client.get(path, headers=headers)
        assert (answer.status_code, said(answer)[0]) == (401, '"address";q=4;w=60')
    use_up(client, path)
    refused = client.get(path)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert "WWW-Authenticate" not in refused.headers
    own = {"Authorization": f"Bearer {mint(Config(**JWT), user, seconds=60)}"}
    assert said(client.get(path, headers=own)) == ('"user";q=4;w=60', '"user";r=3;t=60')


def test_whose_token_it_is_pays_for_other_peoples_paths(limited, path, user):
    client = limited(**JWT)
    other = {"Authorization": f"Bearer {mint(Config(**JWT), str(uuid4()), seconds=60)}"}
    for rest, (there, status) in enumerate(((path, 403), ("/api/nowhere", 404), ("/api/me", 200))):
        answer = client.get(there, headers=other)
        assert (answer.status_code, said(answer)[1]) == (status, f'"user";r={3 - rest};t=60')
    assert use_up(client, path, headers=other) == [403, 429, 429, 429]
    own = {"Authorization": f"Bearer {mint(Config(**JWT), user, seconds=60)}"}
    assert left(client.get(path, headers=own)) == 3


def test_page_of_another_origin_can_read_a_429(limited, path):
    client = limited(cors_origins=(ORIGIN,), **JWT)
    use_up(client, path)
    answer = client.get(path, headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (429, ORIGIN)
    assert set(answer.headers["Access-Control-Expose-Headers"].split(", ")) > FIELDS


def left_for(client, peer, forwarded=None) -> int:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    return left(client.get("/docs", headers=headers, environ_base={"REMOTE_ADDR": peer}))


def test_without_a_proxy_nobody_chooses_an_address(limited):
    client = limited()
    forged = [left_for(client, "192.0.2.1", f"198.51.100.{number}") for number in range(3)]
    assert forged == [3, 2, 1]
    assert left_for(client, "192.0.2.2") == 3


@pytest.mark.parametrize(
    ("proxies", "added"), [(1, "198.51.100.1"), (2, "198.51.100.1, 192.0.2.77")]
)
def test_behind_proxies_an_address_is_what_the_first_of_them_has_seen(limited, proxies, added):
    client = limited(trusted_proxies=proxies)
    assert left_for(client, "10.0.0.1", added) == 3
    assert left_for(client, "10.0.0.2", f"203.0.113.9, {added}") == 2
    assert left_for(client, "10.0.0.1", f"unknown, ::1, {added}") == 1
    assert left_for(client, "10.0.0.1", added.replace("198", "203")) == 3


def test_request_that_came_past_the_proxies_has_its_own_address(limited):
    client = limited(trusted_proxies=2)
    assert left_for(client, "192.0.2.1", "198.51.100.1") == 3
    assert left_for(client, "192.0.2.1") == 2


# What a client may have sent; a proxy appends to it, whatever it is.
FORGED = [
    '"',
    'a"b',
    '"1.2.3.4',
    '", "',
    "\\",
    '"\\"',
    ",,",
    " ",
    "\t,",
    "(",
    "\xff",
    "=?utf-8?q?=22?=",
]


@pytest.mark.parametrize("forged", FORGED)
@pytest.mark.parametrize("added", ["198.51.100.1", "198.51.100.1, 192.0.2.77"])
def test_client_cannot_hide_what_the_proxies_add(limited, forged, added):
    client = limited(trusted_proxies=added.count(",") + 1)
    # Another one behind the same proxies, who must not pay.
    assert left_for(client, "10.0.0.1", added.replace("198", "203")) == 3
    assert left_for(client, "10.0.0.1", added) == 3
    assert left_for(client, "10.0.0.1", f"{forged}, {added}") == 2
    assert left_for(client, "10.0.0.1", f"{forged},{added}") == 1


@given(st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f")))
def test_address_is_the_one_that_the_proxy_added_whatever_comes_before(forged):
    with Flask(__name__).test_request_context(headers={"X-Forwarded-For": f"{forged},192.0.2.9"}):
        assert rate_limit.client_address(1) == "192.0.2.9"


@pytest.mark.parametrize("added", ["_hidden", "unknown", "", "198.51.100.1 x", '"198.51.100.1"'])
def test_address_that_cannot_be_read_is_nobodys_and_never_the_proxys(limited, added):
    client = limited(trusted_proxies=1)
    assert left_for(client, "10.0.0.1") == 3
    assert left_for(client, "10.0.0.1", f"203.0.113.9, {added}") == 3
    assert left_for(client, "10.0.0.2", f"203.0.113.9, {added}") == 2


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("unknown", "192.0.2.1:443", True),
    ],
)
def test_addresses_are_of_one_client(limited, one, other, same):
    client = limited(trusted_proxies=1)
    assert left_for(client, "10.0.0.1", one) == 3
    assert left_for(client, "10.0.0.1", other) == (2 if same else 3)


def test_without_a_limit_nothing_is_counted(app, client, path):
    assert not FIELDS & set(client.get(path).headers.keys())
    hooks = [*app.before_request_funcs[None], *app.after_request_funcs.get(None, ())]
    assert not [hook for hook in hooks if hook.__module__ == rate_limit.__name__]
    loaded = "import sys, tasks_api.app; sys.exit('redis' in sys.modules)"
    subprocess.run([sys.executable, "-c", loaded], env=environment(), check=True)


def test_document_has_the_429_of_what_is_counted(client):
    document = client.get("/openapi.json").json
    for path, operations in document["paths"].items():
        for operation in operations.keys() - {"parameters"}:
            assert ("429" in operations[operation]["responses"]) == path.startswith("/api/")
    headers = document["components"]["responses"]["Problem429"]["headers"]
    assert headers.keys() == {"X-Request-Id", "Retry-After", *FIELDS}


ASKED = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([0, 0.5, 20, 59.5, 60])))


@given(ASKED)
def test_window_begins_with_a_clients_first_request_and_counts_all_of_them(asked):
    clock = Clock()
    counters = MemoryCounters(SECONDS, now=clock)
    begun: dict[str, tuple[float, int]] = {}
    for client, pause in asked:
        clock.advance(pause)
        start, requests = begun.get(client, (clock(), 0))
        if clock() >= start + SECONDS:
            start, requests = clock(), 0
        begun[client] = start, requests + 1
        assert counters.count(client) == Window(requests + 1, start + SECONDS - clock())


def test_redis_counts_for_all_processes():
    with redis_server(free_port()) as url:
        one, other = RedisCounters(url, SECONDS), RedisCounters(url, SECONDS)
        counted = [counters.count("a") for counters in (one, other, one)]
        assert [window.requests for window in counted] == [1, 2, 3]
        assert all(SECONDS - 30 < window.seconds_left <= SECONDS for window in counted)
        assert other.count("b").requests == 1


def test_window_in_redis_ends():
    with redis_server(free_port()) as url:
        counters = RedisCounters(url, 1)
        counters.count("a")
        while counters.count("a").requests > 1:
            pass


def test_requests_pass_while_redis_is_away_and_one_line_says_so(clock, caplog):
    port = free_port()
    with redis_server(port) as url:
        counters = RedisCounters(url, SECONDS, now=clock)
        assert counters.count("a").requests == 1
    assert [counters.count("a") for _ in range(3)] == [None] * 3
    clock.advance(1)
    assert counters.count("a") is None
    [line] = caplog.messages
    assert line.startswith("the storage of RATE_LIMIT can't be used, all requests pass: Error 111")
    with redis_server(port):
        assert counters.count("a") is None
        clock.advance(1)
        assert [counters.count("a").requests for _ in range(2)] == [1, 2]
    assert caplog.messages[1:] == ["the storage of RATE_LIMIT can be used again"]


def test_silent_redis_is_asked_once_a_second(clock, caplog):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}?socket_timeout=0.2"
        counters = RedisCounters(url, SECONDS, now=clock)
        for _ in range(3):
            assert [counters.count("a") for _ in range(3)] == [None] * 3
            silent.accept()[0].close()
            with pytest.raises(BlockingIOError):
                silent.accept()
            clock.advance(1)
    assert len(caplog.messages) == 1


def test_who_is_in_line_when_an_attempt_fails_makes_none(caplog):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}?socket_timeout=1"
        counters = RedisCounters(url, SECONDS)
        assert race(20, lambda _: counters.count("a")) == [None] * 20
        silent.setblocking(False)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()
    assert len(caplog.messages) == 1


def test_nobody_stands_in_line_for_ever(caplog, monkeypatch):
    """Finding the server's host, for example, takes as long as the system's resolver needs."""
    monkeypatch.setattr(redis_counters, "LINE_TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}?socket_timeout=60"
        counters = RedisCounters(url, SECONDS)
        with meanwhile(lambda: counters.count("a"), silent.close) as first:
            connection, _ = silent.accept()
            with closing(connection):
                assert counters.count("b") is None
                [line] = caplog.messages
                assert line.endswith("it can't be reached in time")
                assert not first.done()
        assert first.result() is None


def test_requests_in_line_are_counted_together_and_each_has_its_own_number():
    with redis_server(free_port()) as url:
        counters = RedisCounters(url, SECONDS)
        windows = race(60, lambda index: ("abc"[index % 3], counters.count("abc"[index % 3])))
    for client in "abc":
        numbers = sorted(window.requests for each, window in windows if each == client)
        assert numbers == list(range(1, 21))


@needs_redis
def test_connection_that_redis_has_closed_is_replaced(caplog):
    with redis_server(free_port()) as url, closing(Redis.from_url(url)) as admin:
        counters = RedisCounters(url, SECONDS)
        counters.count("a")
        admin.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        assert counters.count("a").requests == 2
    assert caplog.messages == []


@needs_redis
def test_error_that_redis_answers_is_logged_without_what_it_was_sent(caplog, user):
    with redis_server(free_port(), "--rename-command", "EXPIRE", "", query="") as url:
        assert RedisCounters(url, SECONDS).count(f"user:{user}") is None
    [line] = caplog.messages
    assert line.endswith("all requests pass: unknown command ")


def test_request_passes_uncounted_while_redis_is_away(limited, path):
    def uncounted() -> float:
        return REGISTRY.get_sample_value("tasks_api_rate_limit_uncounted_total")

    before = uncounted()
    client = limited(rate_limit_storage_url=f"redis://127.0.0.1:{free_port()}")
    answers = [client.get(path) for _ in range(LIMIT + 1)]
    assert {answer.status_code for answer in answers} == {200}
    assert not FIELDS & set(answers[-1].headers.keys())
    assert uncounted() == before + LIMIT + 1
