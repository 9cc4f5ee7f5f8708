"""An address that can't be used is refused at once, and no other is."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest
import requests
from tools.server import GUNICORN, ROOT, environment, launch


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Another program that listens on a port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def refusal(settings: dict[str, object]) -> str:
    result = subprocess.run(
        GUNICORN,
        cwd=ROOT,
        env=environment(**settings),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    # It has not tried again and again.
    assert "ERROR" not in result.stdout
    return result.stderr


@pytest.mark.measured
def test_port_that_is_taken_is_named_in_one_line(on_database, listener):
    port = listener.getsockname()[1]
    assert refusal({**on_database, "PORT": port}) == (
        f"Port {port} on 127.0.0.1 is taken. Choose another: PORT={port + 1} make run\n"
    )


@pytest.mark.measured
def test_address_of_another_machine_is_refused_in_one_line(on_database):
    # RFC 5737: nobody has this address.
    assert refusal({**on_database, "HOST": "192.0.2.1"}) == (
        "The service can't listen on port 8000 of 192.0.2.1: Cannot assign requested address.\n"
    )


def test_port_of_connections_that_are_closing_is_free(serve, on_database, tmp_path):
    first = serve(**on_database)
    with requests.Session() as session:
        session.get(f"{first.url}/health")
        # It closes the connection first, and so keeps it in TIME_WAIT.
        first.stop()
    second = launch(tmp_path, port=first.port, **on_database, WEB_CONCURRENCY=1)
    assert second.stop() == 0


def test_two_servers_share_a_port_where_they_are_told_to(serve, on_database, tmp_path):
    options = {**on_database, "GUNICORN_CMD_ARGS": "--reuse-port", "WEB_CONCURRENCY": 1}
    first = serve(**options)
    (tmp_path / "second").mkdir()
    second = launch(tmp_path / "second", port=first.port, **options)
    # The first one may have answered in its place.
    while "Booting worker" not in second.log.read_text():
        assert second.process.poll() is None
        time.sleep(0.05)
    second.stop()


@pytest.mark.measured
def test_socket_of_systemd_is_used_as_it_is(on_database, listener):
    port = listener.getsockname()[1]
    settings = environment(**on_database, PORT=port, LISTEN_FDS=1, WEB_CONCURRENCY=1)
    as_systemd_does = 'exec 3<&"$0" && LISTEN_PID=$$ exec "$@"'
    with subprocess.Popen(
        ["bash", "-c", as_systemd_does, str(listener.fileno()), *GUNICORN],
        cwd=ROOT,
        env=settings,
        stdout=subprocess.DEVNULL,
        pass_fds=[listener.fileno()],
    ) as server:
        url = "http://{}:{}/health".format(*listener.getsockname())
        assert requests.get(url, timeout=60).status_code == 200
        server.terminate()
    assert server.returncode == 0


@pytest.mark.measured
def test_path_of_a_socket_is_used_as_it_is(on_database, tmp_path):
    options = f"--bind unix:{tmp_path / 'socket'}"
    settings = environment(**on_database, GUNICORN_CMD_ARGS=options, WEB_CONCURRENCY=1)
    with subprocess.Popen(
        GUNICORN, cwd=ROOT, env=settings, stdout=subprocess.PIPE, text=True
    ) as server:
        assert any(f"Listening at: unix:{tmp_path / 'socket'}" in line for line in server.stdout)
        server.terminate()
        server.communicate()
    assert server.returncode == 0


def test_upgrade_takes_over_the_port(serve, on_database):
    server = serve(**on_database)
    server.process.send_signal(signal.SIGUSR2)
    while len(masters := re.findall(r"Listening at: \S+ \((\d+)\)", server.log.read_text())) < 2:
        time.sleep(0.05)
    server.stop()
    try:
        assert requests.get(f"{server.url}/health").status_code == 200
    finally:
        os.kill(int(masters[1]), signal.SIGTERM)
