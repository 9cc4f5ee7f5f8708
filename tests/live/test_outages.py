"""Outages under load: each answer is right or a 503, and the service recovers by itself."""

import os
import signal
import socket
import time
from collections.abc import Iterator

import psutil
import pytest
import requests
import sqlalchemy as sa
from requests.exceptions import ChunkedEncodingError
from tools.databases import connect
from tools.load import Load
from tools.postgres import Postgres, new_server
from tools.racing import transaction
from tools.tcp_proxy import Proxy, cut, reset, silence, tcp_proxy

from local_postgres.server import PORT
from tasks_api.database import migrations
from tasks_api.database.engine import new_engine


def settings(url: sa.URL) -> dict[str, object]:
    text = url.set(drivername="postgres").render_as_string(hide_password=False)
    # A database that has been silent for six seconds is given up.
    return {
        "DATABASE_URL": text,
        "AUTH": "none",
        "STATEMENT_TIMEOUT_MS": 1000,
        "WEB_CONCURRENCY": 2,
    }


@pytest.fixture
def proxy(database_url: sa.URL) -> Iterator[Proxy]:
    with tcp_proxy(database_url) as proxy:
        yield proxy


# The next test cuts and resets connections too.
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(cut, marks=pytest.mark.long),
        pytest.param(reset, marks=pytest.mark.long),
        silence,
    ],
)
def test_network_may_fail(serve, proxy, user, fault):
    load = Load(f"{serve(**settings(proxy.url)).url}/api/{user}")
    with load.running():
        load.go_on()
        with load.outage():
            proxy.fail(fault, new=True)
            load.until(lambda each: each.waits)
            proxy.heal()
        load.go_on()


def test_write_whose_answer_is_lost_is_not_repeated(serve, proxy, user):
    """A connection is made again, which works, but a request is not."""
    load = Load(f"{serve(**settings(proxy.url)).url}/api/{user}")
    with load.running():
        for fault in (cut, reset, cut, reset):
            load.go_on()
            proxy.fail(fault, new=False)
        load.go_on()


def test_database_may_be_killed(serve, tmp_path, user):
    data = tmp_path / "data"
    load = Load(f"{serve(DATA_DIR=data, WEB_CONCURRENCY=2).url}/api/{user}")
    log = data / "postgresql.log"
    with load.running():
        load.go_on()
        written = log.stat().st_size
        with load.outage():
            pid = (data / "postgresql" / "postmaster.pid").read_text().split()[0]
            os.kill(int(pid), signal.SIGKILL)
            load.until(lambda each: each.waits)
            # It has come back when its log says so again.
            while b"ready to accept connections" not in log.read_bytes()[written:]:
                time.sleep(0.05)
        load.go_on()


def test_database_may_do_what_it_had_begun_after_it_was_given_up(serve, user):
    with new_server() as server:
        server.initialise()
        server.start()
        migrations.upgrade(new_engine(server.url))
        load = Load(f"{serve(**settings(server.url)).url}/api/{user}")
        with load.running():
            load.go_on()
            with load.outage(), server.frozen():
                load.until(lambda each: each.waits)
            load.go_on()


WAITING = sa.text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


def test_workers_may_be_killed_amid_their_requests(serve, on_database, database, user):
    server = serve(**on_database, WEB_CONCURRENCY=2)
    lost = requests.ConnectionError, ChunkedEncodingError
    load = Load(f"{server.url}/api/{user}", lost)
    master = psutil.Process(server.process.pid)
    with load.running():
        for worker in (workers := master.children()):
            load.go_on()
            with transaction(database) as holder:
                holder.execute(
                    sa.text("SELECT 1 FROM users WHERE id = :user FOR UPDATE"), {"user": user}
                )
                while database.scalar(WAITING) < len(load.clients):
                    time.sleep(0.01)
                worker.kill()
        load.go_on()
        # One of the two has served them all, or each of them some.
        assert any(client.troubles for client in load.clients)
        while len(set(master.children()) - set(workers)) < len(workers):
            time.sleep(0.05)


@pytest.fixture
def pair() -> Iterator[tuple[Postgres, Postgres]]:
    """A primary and its standby, which has each write before it is acknowledged."""
    with new_server() as primary, new_server() as standby:
        primary.initialise()
        primary.start()
        migrations.upgrade(new_engine(primary.url))
        standby.copy(primary)
        standby.start()
        primary.set("synchronous_standby_names", "*")
        with connect(primary.url) as connection:
            while (
                connection.scalar(sa.text("SELECT sync_state FROM pg_stat_replication")) != "sync"
            ):
                time.sleep(0.05)
        yield primary, standby


def either(*servers: Postgres) -> sa.URL:
    """Return the address of those, of which one takes writes."""
    hosts = ",".join(str(server.directory) for server in servers)
    ports = ",".join(PORT for _ in servers)
    query = {"host": hosts, "port": ports, "target_session_attrs": "read-write"}
    return servers[0].url.set(query=query)


def test_standby_takes_over_from_a_primary_that_is_killed(serve, pair, user):
    primary, standby = pair
    load = Load(f"{serve(**settings(either(*pair))).url}/api/{user}")
    with load.running():
        load.go_on()
        with load.outage():
            primary.kill()
            load.until(lambda each: each.waits)
            standby.promote()
        load.go_on()


def test_host_that_is_gone_leaves_time_for_the_next(serve, proxy, user):
    with socket.socket() as gone:
        # With one connection that nobody accepts, the queue is full: the next gets no answer.
        gone.bind(("127.0.0.1", 0))
        gone.listen(0)
        with socket.create_connection(gone.getsockname()):
            ports = f"{gone.getsockname()[1]},{proxy.port}"
            url = proxy.url.set(query={"host": "127.0.0.1,127.0.0.1", "port": ports})
            server = serve(**settings(url) | {"STATEMENT_TIMEOUT_MS": 10_000, "WEB_CONCURRENCY": 1})
            answer = requests.get(f"{server.url}/api/{user}/tasks")
    assert answer.status_code == 200


def test_primary_that_has_become_read_only_is_given_up(serve, pair, user):
    primary, standby = pair
    # A connection is given up when it refuses a write; there is only one.
    one = {"WEB_CONCURRENCY": 1, "DATABASE_POOL_SIZE": 1}
    server = serve(**settings(either(*pair)) | one)
    url = f"{server.url}/api/{user}/tasks"

    def create() -> int:
        return requests.post(url, json={"title": "x"}).status_code

    assert create() == 201
    primary.set("default_transaction_read_only", "on")
    # Its processes learn of it one after the other.
    while create() == 201:
        pass
    assert requests.get(url).status_code == 503
    standby.promote()
    assert create() == 201
    assert len(requests.get(url).json()) >= 2
