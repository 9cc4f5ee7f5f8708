"""What several workers have measured is one answer, and outlives each of them."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from tools.server import BIN, ROOT, Server, environment, free_port

TOKEN = "0123456789abcdef"
PREFIX = "gunicorn-metrics-"
CONNECTIONS = 20
DASHBOARD = json.loads((ROOT / "docs" / "grafana-dashboard.json").read_text())
QUERIES = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]

needs_promtool = pytest.mark.skipif(
    not shutil.which("promtool"), reason="needs promtool, which comes with Prometheus"
)


def exposition(server: Server) -> str:
    # On a new connection each time, so that any of the workers may answer.
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = requests.get(f"{server.url}/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text


def value(server: Server, name: str, **labels: str) -> float:
    """A metric's value, added up over the labels that aren't given."""
    return sum(
        sample.value
        for family in text_string_to_metric_families(exposition(server))
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def not_found(server: Server) -> float:
    """How many requests for nothing there were; what the tests wait with is not among them."""
    return value(server, "tasks_api_request_duration_seconds_count", route="none", status="404")


def until(condition: Callable[[], object]) -> None:
    while not condition():
        time.sleep(0.05)


def workers(server: Server) -> set[int]:
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    return {int(pid) for pid in children.read_text().split()}


def directory(server: Server) -> Path:
    """Where the workers of a server have their files."""
    files = (
        Path(os.readlink(link))
        for worker in workers(server)
        for link in Path(f"/proc/{worker}/fd").iterdir()
    )
    return next(file.parent for file in files if file.parent.name.startswith(PREFIX))


TWO_WORKERS = {"METRICS_TOKEN": TOKEN, "WEB_CONCURRENCY": 2}


@pytest.fixture
def server(serve, on_database) -> Server:
    return serve(**on_database, **TWO_WORKERS)


@contextmanager
def connected(server: Server) -> Iterator[None]:
    """Keep connections, some at each worker, after one request on each."""
    with ExitStack() as stack:
        kept = [stack.enter_context(requests.Session()) for _ in range(CONNECTIONS)]
        for session in kept:
            assert session.get(f"{server.url}/nothing").status_code == 404
        yield


@pytest.fixture
def sessions(server: Server) -> Iterator[None]:
    with connected(server):
        yield


@pytest.fixture(scope="module")
def in_use(serve_to_all, on_database) -> Iterator[Server]:
    """A server to which clients are connected, and which no test disturbs."""
    server = serve_to_all(**on_database, **TWO_WORKERS)
    with connected(server):
        yield server


def test_each_worker_answers_for_all(in_use):
    until(lambda: not_found(in_use) == CONNECTIONS)
    assert [not_found(in_use) for _ in range(20)] == [CONNECTIONS] * 20
    # The one more is this request's.
    until(lambda: value(in_use, "tasks_api_clients") == CONNECTIONS + 1)
    assert value(in_use, "tasks_api_workers") == 2


def test_killed_worker_leaves_its_counts_and_takes_its_clients(server, sessions):
    until(lambda: not_found(server) == CONNECTIONS)
    files = {file.name for file in directory(server).iterdir()}
    for worker in workers(server):
        os.kill(worker, signal.SIGKILL)
    until(lambda: value(server, "tasks_api_clients") == 1)
    assert not_found(server) == CONNECTIONS
    requests.get(f"{server.url}/nothing")
    until(lambda: not_found(server) == CONNECTIONS + 1)
    # The new workers count on in the files of the dead ones.
    until(lambda: {file.name for file in directory(server).iterdir()} == files)


def test_worker_that_is_not_replaced_counts_no_longer_as_one(server):
    until(lambda: value(server, "tasks_api_workers") == 2)
    server.process.send_signal(signal.SIGTTOU)
    until(lambda: value(server, "tasks_api_workers") == 1)


def test_nothing_is_lost_where_workers_end_by_themselves(server):
    old = workers(server)
    for _ in range(CONNECTIONS):
        requests.get(f"{server.url}/nothing")
    server.process.send_signal(signal.SIGHUP)
    until(lambda: not old & workers(server))
    assert not_found(server) == CONNECTIONS
    until(lambda: value(server, "tasks_api_workers") == 2)


def test_files_are_private_and_new_with_each_start_and_gone_at_the_end(
    serve, on_database, tmp_path
):
    (tmp_path / "counter_0.db").write_bytes(b"of another time")
    server = serve(**on_database, METRICS_TOKEN=TOKEN, PROMETHEUS_MULTIPROC_DIR=tmp_path)
    assert not_found(server) == 0
    made = directory(server)
    assert made.stat().st_mode & 0o777 == 0o700
    assert Path.home() not in made.parents
    server.stop()
    assert not made.exists()


def test_late_client_and_refused_request_are_counted(serve, on_database):
    server = serve(**on_database, **TWO_WORKERS, REQUEST_HEAD_SECONDS=1)
    with socket.create_connection(("127.0.0.1", server.port), 60) as late:
        late.sendall(b"GET /health HTTP/1.1\r\n")
        assert late.recv(65536).startswith(b"HTTP/1.1 408 ")
    until(lambda: value(server, "tasks_api_requests_refused_total", status="408") == 1)
    assert value(server, "tasks_api_clients_dropped_total", reason="late") == 1


def test_memory_of_each_worker_is_known(in_use):
    until(lambda: value(in_use, "process_resident_memory_bytes", pid="0") > 0)
    until(lambda: value(in_use, "process_resident_memory_bytes", pid="1") > 0)


def test_server_with_one_process_measures_too(tmp_path):
    port = free_port()
    command = [BIN / "flask", "--app", "wsgi", "run", "--port", str(port)]
    settings = environment(DATA_DIR=tmp_path)
    with subprocess.Popen(command, cwd=ROOT, env=settings, stdout=subprocess.DEVNULL) as process:
        server = Server(process, port, tmp_path / "log")
        try:
            server.wait()
            requests.get(f"{server.url}/nothing")
            assert not_found(server) == 1
            # With the embedded database they are for everybody.
            assert requests.get(f"{server.url}/metrics").status_code == 200
            assert value(server, "process_resident_memory_bytes") > 0
        finally:
            process.send_signal(signal.SIGINT)


@needs_promtool
def test_prometheus_finds_nothing_to_object_to(in_use):
    subprocess.run(["promtool", "check", "metrics"], input=exposition(in_use).encode(), check=True)


def test_dashboard_asks_for_what_there_is(serve):
    url = "postgres://127.0.0.1:1/tasks"
    server = serve(DATABASE_URL=url, AUTH="none", METRICS_TOKEN=TOKEN)
    # Some metrics have no value before the first failure.
    assert requests.get(f"{server.url}/api/{uuid4()}/tasks").status_code == 503
    with socket.create_connection(("127.0.0.1", server.port), 60) as client:
        client.sendall(b"nonsense\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 400 ")
    asked = {name for query in QUERIES for name in re.findall(r"\w+(?={)", query)}
    assert len(asked) > 10
    until(lambda: asked - set(re.findall(r"^\w+", exposition(server), re.MULTILINE)) == set())


@needs_promtool
def test_prometheus_understands_the_queries_of_the_dashboard(tmp_path):
    rules = [
        {"record": "query", "labels": {"number": str(number)}, "expr": query}
        for number, query in enumerate(QUERIES)
    ]
    file = tmp_path / "rules.json"
    groups = {"groups": [{"name": "dashboard", "rules": rules}]}
    file.write_text(json.dumps(groups).replace("$__rate_interval", "1m"))
    subprocess.run(["promtool", "check", "rules", file], check=True)
