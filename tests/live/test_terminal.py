"""What somebody at a terminal sees of the service."""

import json
import os
import pty
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from tools.server import BIN, GUNICORN, ROOT, environment, free_port

CTRL_C = b"\x03"


class Terminal:
    """gunicorn at a terminal of its own."""

    def __init__(self, **settings: object) -> None:
        self.port = free_port()
        self.text = ""
        self.device, inside = pty.openpty()
        self.process = subprocess.Popen(
            GUNICORN,
            cwd=ROOT,
            env=environment(PORT=self.port, WEB_CONCURRENCY=1, **settings),
            preexec_fn=lambda: os.login_tty(inside),  # noqa: PLW1509
        )
        os.close(inside)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Read until there is such a line."""
        while not (found := re.search(f"^{pattern}$", self.text, re.MULTILINE)):
            try:
                self.text += os.read(self.device, 65536).decode().replace("\r", "")
            except OSError:
                pytest.fail(f"{pattern} isn't there, and gunicorn has ended:\n{self.text}")
        return found

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
        os.close(self.device)


@pytest.fixture
def at_terminal(on_database) -> Iterator[Callable[..., Terminal]]:
    started: list[Terminal] = []

    def start(**settings: object) -> Terminal:
        started.append(Terminal(**{**on_database, **settings}))
        return started[-1]

    yield start
    for terminal in started:
        terminal.close()


@pytest.fixture(scope="module")
def terminal(on_database) -> Iterator[Terminal]:
    """One at which nobody presses Ctrl-C."""
    terminal = Terminal(**on_database)
    terminal.wait_for("Task API: .*")
    yield terminal
    terminal.close()


@pytest.mark.parametrize(
    ("host", "shown"),
    [("localhost", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "[::1]")],
)
def test_terminal_shows_where_to_go_and_ctrl_c_ends_it(at_terminal, host, shown):
    terminal = at_terminal(HOST=host)
    url = f"http://{shown}:{terminal.port}/docs"
    terminal.wait_for(re.escape(f"Task API: {url}  Ctrl-C stops it"))
    assert requests.get(url).status_code == 200
    os.write(terminal.device, CTRL_C)
    assert terminal.process.wait(60) == 0


def test_request_is_a_short_line_without_an_id_of_a_user(terminal, user):
    url = f"http://127.0.0.1:{terminal.port}"
    requests.get(f"{url}/api/{user}/tasks")
    terminal.wait_for(r"\d\d:\d\d:\d\d INFO    GET    200 +\d+\.\d ms  /api/<uuid:user_id>/tasks")
    requests.delete(f"{url}/nothing/{user}")
    terminal.wait_for(r"\d\d:\d\d:\d\d INFO    DELETE 404 +\d+\.\d ms  -")
    assert user not in terminal.text


def test_warning_is_shown_with_what_else_is_known(terminal):
    answer = requests.request("X", f"http://127.0.0.1:{terminal.port}/")
    named = f"request_id='{answer.headers['X-Request-Id']}'"
    terminal.wait_for(rf"\d\d:\d\d:\d\d WARNING refused status=400 {named}")


def test_terminal_shows_json_where_it_is_asked_for(at_terminal):
    terminal = at_terminal(LOG_FORMAT="json")
    terminal.wait_for(".*Booting worker.*")
    messages = [json.loads(line)["message"] for line in terminal.text.splitlines()]
    assert "Using worker: TasksWorker" in messages


def test_log_is_text_elsewhere_where_it_is_asked_for(serve, on_database):
    log = serve(**on_database, LOG_FORMAT="text").log.read_text()
    assert re.search(r"^\d\d:\d\d:\d\d INFO    Using worker: TasksWorker$", log, re.MULTILINE)


@pytest.mark.measured
def test_first_start_says_that_it_makes_a_database_and_where_the_to_do_page_is(tmp_path):
    terminal = Terminal(DATA_DIR=tmp_path / "data")
    try:
        url = f"http://127.0.0.1:{terminal.port}"
        terminal.wait_for(f"Task API: {url}/docs  To-do page: {url}/demo/  Ctrl-C stops it")
        making = terminal.wait_for(
            rf"\d\d:\d\d:\d\d INFO    Making a PostgreSQL in {tmp_path / 'data'}"
        )
        migrating = terminal.wait_for(r"\d\d:\d\d:\d\d INFO    Running upgrade  -> 0001, .*")
        assert making.start() < migrating.start()
    finally:
        terminal.close()


def test_command_prints_only_its_result_even_if_it_makes_the_database(tmp_path: Path):
    result = subprocess.run(
        [BIN / "flask", "--app", "wsgi", "tasks", "purge", "--days", "30"],
        cwd=ROOT,
        env=environment(DATA_DIR=tmp_path / "data"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "Removed 0 tasks.\n"
    said = [json.loads(line)["message"] for line in result.stderr.splitlines()]
    assert said[0] == f"Making a PostgreSQL in {tmp_path / 'data'}"
