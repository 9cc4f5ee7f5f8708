"""`make run` in a fresh checkout, wherever that is."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
import requests

from live.server import ROOT, Server, environment, free_port

pytestmark = [
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no git repository"),
    # Everything is installed anew.
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
    assert sum("-m venv" in text for text in logs) == 1
