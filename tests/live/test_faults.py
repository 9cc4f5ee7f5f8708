"""Clients that dribble, databases that fall over, and a pooler in between."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import requests

from live.server import ROOT, free_port
from tasks_api.database.postgres_process import as_owner


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


PGBOUNCER = """
[databases]
tasks = host={host} dbname=tasks user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
logfile = {log}
"""


@pytest.mark.skipif(not shutil.which("pgbouncer"), reason="pgbouncer is not installed")
def test_a_transaction_pooling_pgbouncer_may_stand_in_between(serve, database_url, tmp_path):
    port = free_port()
    config = tmp_path / "pgbouncer.ini"
    log = tmp_path / "pgbouncer.log"
    config.write_text(PGBOUNCER.format(host=database_url.query["host"], port=port, log=log))
    log.touch()
    nobody = pwd.getpwnam("nobody").pw_uid
    os.chown(log, nobody if os.geteuid() == 0 else -1, -1)
    # It refuses to run as root, and only root may open the socket of root's embedded server.
    pooler = subprocess.Popen([*as_owner(log), "pgbouncer", "-q", config])
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                assert pooler.poll() is None
                time.sleep(0.05)
        server = serve(
            DATABASE_URL=f"postgres://postgres@127.0.0.1:{port}/tasks",
            AUTH="none",
            STATEMENT_TIMEOUT_MS=0,
        )
        smoke = [ROOT / "tests" / "smoke.sh", server.url]
        result = subprocess.run(smoke, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout + result.stderr
        with ThreadPoolExecutor(8) as threads:
            url = f"{server.url}/api/{uuid4()}/tasks"
            answers = threads.map(lambda _: requests.post(url, json={"title": "x"}), range(64))
            assert sorted(answer.json()["revision"] for answer in answers) == list(range(1, 65))
    finally:
        pooler.terminate()
        pooler.wait()


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
