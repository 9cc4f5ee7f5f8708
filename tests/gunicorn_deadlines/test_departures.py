"""Clients that go while their request is being answered."""

import socket
from uuid import uuid4

import gevent.socket
import pytest
import requests
import sqlalchemy as sa
from tools.databases import connect
from tools.racing import transaction

from gunicorn_deadlines.departures import INTERIM, Departures

pytestmark = pytest.mark.measured

WAITING = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
    "AND datname = current_database()"
)


@pytest.fixture(scope="module")
def server(serve_to_all, own_database):
    """A worker with two connections, whose statements have no timeout worth mentioning."""
    url = own_database.set(drivername="postgres").render_as_string(hide_password=False)
    settings = {"STATEMENT_TIMEOUT_MS": 600_000, "DATABASE_POOL_SIZE": 2}
    return serve_to_all(DATABASE_URL=url, AUTH="none", **settings)


@pytest.fixture
def database(own_database):
    with connect(own_database) as connection:
        yield connection


@pytest.fixture
def locked(database):
    """A transaction that keeps everybody from the tasks until it is rolled back."""
    with transaction(database) as holder:
        holder.execute(sa.text("LOCK tasks IN ACCESS EXCLUSIVE MODE"))
        yield holder


class Reading:
    """A client whose read is under way, and what is known of its request."""

    version = (1, 1)

    def __init__(self, sock: gevent.socket.socket) -> None:
        self.sock = sock
        self.reader = self.request = self


def send(server, path, method="GET", version="1.1", body="") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), 60)
    head = f"{method} {path}/tasks HTTP/{version}\r\nHost: x\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    connection.sendall(f"{head}\r\n{body}".encode())
    return connection


def wait_for_waiting(database, number: int) -> None:
    while database.scalar(WAITING) != number:
        pass


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_read_whose_client_has_gone_ends_in_the_database_too(
    server, database, locked, user, version
):
    connection = send(server, f"/api/{user}", version=version)
    wait_for_waiting(database, 1)
    connection.close()
    wait_for_waiting(database, 0)
    locked.rollback()
    assert requests.get(f"{server.url}/api/{user}/tasks").json() == []


def test_client_that_has_only_ended_its_side_gets_its_answer(server, database, locked, user):
    with send(server, f"/api/{user}") as connection:
        wait_for_waiting(database, 1)
        connection.shutdown(socket.SHUT_WR)
        # It comes when the worker has noticed that the client has ended its side.
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        locked.rollback()
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_write_is_done_even_if_its_client_has_gone(server, database, locked, user):
    path = f"/api/{user}"
    writing = send(server, path, "POST", body='{"title": "x"}')
    wait_for_waiting(database, 1)
    writing.close()
    # A read that begins later is given up first.
    reading = send(server, f"/api/{uuid4()}")
    wait_for_waiting(database, 2)
    reading.close()
    wait_for_waiting(database, 1)
    locked.rollback()
    while not requests.get(f"{server.url}{path}/tasks").json():
        pass


def test_client_that_only_has_sent_all_is_asked_once_whether_it_is_there():
    near, far = gevent.socket.socketpair()
    client = Reading(near)
    departures = Departures()
    assert [*departures.find([client])] == []
    far.shutdown(socket.SHUT_WR)
    for _ in range(3):
        assert [*departures.find([client])] == []
    near.close()
    assert far.recv(100) == INTERIM
    far.close()
