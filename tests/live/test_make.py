"""What make does in a fresh checkout, wherever that is, and with any Python."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from tools.jwt_settings import WITH_SECRET
from tools.server import ROOT, Server, environment, free_port

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no git repository"),
    # Everything is installed again.
    pytest.mark.timeout(300),
]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the tree at a path that quoting could stumble over."""
    tree = tmp_path / "it's 100% ü#1?a=b&c"
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in names.split("\0"):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    return tree


def test_two_first_runs_at_once_both_serve_in_any_place(checkout):
    # What an earlier one has left that was broken off.
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").write_text("half")
    servers = []
    try:
        for _ in range(2):
            port = free_port()
            log = checkout.parent / f"make-{port}.log"
            with log.open("wb") as output:
                process = subprocess.Popen(
                    ["make", "run"],
                    cwd=checkout,
                    env=environment(PORT=port, WEB_CONCURRENCY=1),
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            servers.append(Server(process, port, log))
        for server in servers:
            server.wait()
            assert requests.get(f"{server.url}/ready").status_code == 200
    finally:
        for server in servers:
            if server.process.poll() is None:
                # As a Ctrl-C does: make and what it has started.
                os.killpg(server.process.pid, signal.SIGINT)
                server.process.wait(60)
    logs = [server.log.read_text() for server in servers]
    assert sum("Making .venv" in text for text in logs) == 1


def make(checkout: Path, *arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *arguments],
        cwd=checkout,
        env=environment(**settings),
        capture_output=True,
        text=True,
        check=False,
    )


def test_commands_for_people_set_up_what_they_need_and_print_only_their_result(checkout):
    # It is there, but its Python is gone.
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").symlink_to("/nowhere/python")
    (checkout / ".venv" / "run").touch()
    assert make(checkout, "purge").stdout == "Removed 0 tasks.\n"
    token = make(checkout, "token", f"USER={uuid4()}", **WITH_SECRET)
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", token.stdout)
    assert token.stderr == ""


@pytest.fixture
def old_python() -> str:
    """A Python 3 that is older than 3.11, if there is one."""
    named = (shutil.which(f"python3.{minor}") for minor in range(6, 11))
    for python in (*filter(None, named), *Path.home().glob(".pyenv/versions/3.*/bin/python3")):
        version = subprocess.run([python, "--version"], capture_output=True, text=True, check=False)
        if re.match(r"Python 3\.(\d|10)\.", version.stdout):
            return str(python)
    pytest.skip("there is no Python older than 3.11")


def test_python_that_is_too_old_ends_in_one_line_before_anything_is_made(checkout, old_python):
    result = make(checkout, "run", f"PYTHON={old_python}")
    [line] = result.stderr.splitlines()
    assert "Python 3.11 or newer is needed, but `" in line
    assert "Name another one: make run PYTHON=python3.12." in line
    assert result.returncode != 0
    assert not (checkout / ".venv").exists()


def test_python_that_is_not_there_ends_in_one_line(checkout):
    [line] = make(checkout, "run", "PYTHON=python3.nowhere").stderr.splitlines()
    assert "Python 3.11 or newer is needed" in line
    assert "not found" in line


def test_environment_of_a_python_that_is_too_old_is_made_again(checkout, old_python):
    subprocess.run([old_python, "-m", "venv", "--without-pip", checkout / ".venv"], check=True)
    for made in ("run", "dev"):
        (checkout / ".venv" / made).touch()
    # What it would do: that it does it, another test shows.
    assert " -m venv --clear .venv\n" in make(checkout, "--dry-run", "run").stdout
