"""What several workers have measured is one answer; who dies takes along only what has ended."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from live.server import BIN, ROOT, Server, environment, free_port

TOKEN = "0123456789abcdef"
COUNT = "tasks_api_request_duration_seconds_count"
PREFIX = "tasks-api-metrics-"


def read(url: str) -> Counter[str]:
    """The values by their names, added up over all labels."""
    # With a new connection each time, any of the workers may answer.
    answer = requests.get(f"{url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200, answer.text
    values: Counter[str] = Counter()
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            values[sample.name] += sample.value
    return values


def workers(server: Server) -> list[int]:
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    return [int(pid) for pid in children.read_text().split()]


def directory(server: Server) -> Path:
    """Where the workers of a server have their files."""
    for worker in workers(server):
        for link in Path(f"/proc/{worker}/fd").iterdir():
            file = Path(os.readlink(link))
            if file.parent.name.startswith(PREFIX):
                return file.parent
    raise AssertionError("no worker has a file open")


@pytest.fixture
def server(serve, on_database) -> Server:
    return serve(**on_database, METRICS_TOKEN=TOKEN)


def connect_to_both(server: Server, sessions: ExitStack) -> list[requests.Session]:
    """Connections that are kept, some at each worker."""
    kept = [sessions.enter_context(requests.Session()) for _ in range(20)]
    for session in kept:
        session.get(f"{server.url}/health")
    return kept


def test_any_worker_answers_for_all(server):
    before = read(server.url)
    with ExitStack() as sessions:
        kept = connect_to_both(server, sessions)
        seen = [read(server.url) for _ in range(10)]
        assert {values["tasks_api_clients"] for values in seen} == {len(kept) + 1}
    # Each answer counts those before it.
    counts = [values[COUNT] - before[COUNT] for values in seen]
    assert counts == [len(kept) + 1 + n for n in range(10)]


def test_worker_that_is_killed_leaves_its_counts_and_takes_its_clients(server):
    with ExitStack() as sessions:
        kept = connect_to_both(server, sessions)
        before = read(server.url)
        files = {file.name for file in directory(server).iterdir()}
        first, second = workers(server)
        os.kill(first, signal.SIGKILL)
        while len(workers(server)) < 2 or first in workers(server):
            time.sleep(0.05)
        after = read(server.url)
        assert after[COUNT] == before[COUNT] + 1
        assert after["process_resident_memory_bytes"] > 0
        os.kill(second, signal.SIGKILL)
        while second in workers(server) or len(workers(server)) < 2:
            time.sleep(0.05)
        assert read(server.url)["tasks_api_clients"] == 1
        assert len(kept) > 1
    assert read(server.url)[COUNT] == before[COUNT] + 3
    # The new workers go on in the files of the dead ones.
    assert {file.name for file in directory(server).iterdir()} == files


def test_counts_outlive_a_reload(server):
    before = read(server.url)
    old = set(workers(server))
    server.process.send_signal(signal.SIGHUP)
    while old & set(workers(server)):
        time.sleep(0.05)
    assert read(server.url)[COUNT] > before[COUNT]
    assert read(server.url)["tasks_api_clients"] == 1


def test_files_are_private_and_new_with_each_start_and_gone_at_the_end(
    serve, on_database, tmp_path
):
    stale = tmp_path / "stale"
    stale.mkdir()
    (stale / "counter_0.db").write_bytes(b"of another time")
    settings = {**on_database, "METRICS_TOKEN": TOKEN, "PROMETHEUS_MULTIPROC_DIR": stale}
    server = serve(**settings)
    assert read(server.url)[COUNT] == 1
    made = directory(server)
    assert made.stat().st_mode & 0o777 == 0o700
    assert Path.home() not in made.parents
    server.stop()
    assert not made.exists()


def test_client_that_is_late_and_a_request_that_is_refused_are_counted(serve, on_database):
    server = serve(**on_database, METRICS_TOKEN=TOKEN, REQUEST_HEAD_SECONDS=1, WEB_CONCURRENCY=1)
    before = read(server.url)
    with socket.create_connection(("127.0.0.1", server.port), 60) as late:
        late.sendall(b"GET /health HTTP/1.1\r\n")
        assert late.recv(65536).startswith(b"HTTP/1.1 408 ")
    after = read(server.url)
    for name in ("tasks_api_clients_dropped_total", "tasks_api_requests_refused_total"):
        assert after[name] == before[name] + 1
    assert after["tasks_api_clients"] == 1


def test_server_with_one_process_measures_too(tmp_path):
    port = free_port()
    command = [BIN / "flask", "--app", "wsgi", "run", "--port", str(port)]
    settings = environment(DATA_DIR=tmp_path)
    with subprocess.Popen(command, cwd=ROOT, env=settings, stdout=subprocess.DEVNULL) as process:
        server = Server(process, port, tmp_path / "log")
        try:
            server.wait()
            before = read(server.url)
            requests.get(f"{server.url}/health")
            after = read(server.url)
        finally:
            process.send_signal(signal.SIGINT)
    assert after[COUNT] == before[COUNT] + 2
    assert after["process_resident_memory_bytes"] > 0


@pytest.mark.skipif(not shutil.which("promtool"), reason="needs promtool, of Prometheus")
def test_prometheus_finds_nothing_to_object_to(server):
    requests.get(f"{server.url}/health")
    answer = requests.get(f"{server.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    subprocess.run(["promtool", "check", "metrics"], input=answer.content, check=True)
