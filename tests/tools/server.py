"""The real gunicorn, as its Procfile line starts it."""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tools.log_watch import watch

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
GUNICORN = [sys.executable, "-m", "tasks_api"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(**settings: object) -> dict[str, str]:
    """The environment of a process that sees these settings, and none of the tests' own."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    # Coverage follows into the servers by what it puts there.
    kept |= {name: value for name, value in os.environ.items() if name.startswith("COV")}
    return kept | {name: str(value) for name, value in settings.items()}


def documented_operations(url: str) -> set[str]:
    """Return the operations in a server's document, as `GET /path`."""
    paths = requests.get(f"{url}/openapi.json").json()["paths"]
    return {
        f"{method.upper()} {path}"
        for path, item in paths.items()
        for method in item.keys() - {"parameters"}
    }


@dataclass
class Server:
    """A running gunicorn."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait(self) -> None:
        """Wait until it answers; fail with its log if it ends instead."""
        while self.process.poll() is None:
            try:
                requests.get(f"{self.url}/health", timeout=5)
            except requests.RequestException:
                time.sleep(0.05)
            else:
                return
        pytest.fail(f"gunicorn ended:\n{self.log.read_text()}")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it and give its exit status."""
        self.process.send_signal(how)
        return self.process.wait(60)


def launch(
    directory: Path, port: int | None = None, *, tree: Path = ROOT, **settings: object
) -> Server:
    """Start gunicorn on a free port, its data and its log in a directory, and wait for it.

    Args:
        tree: where `wsgi.py` is.
    """
    port = port or free_port()
    log = directory / f"gunicorn-{port}.log"
    watch.add(log)
    with log.open("wb") as output:
        process = subprocess.Popen(
            GUNICORN,
            cwd=tree,
            env=environment(**{"DATA_DIR": directory / "data", **settings, "PORT": port}),
            stdout=output,
            stderr=subprocess.STDOUT,
            # A Ctrl-C at the tests is not one at the server.
            start_new_session=True,
        )
    server = Server(process, port, log)
    try:
        server.wait()
    except BaseException:
        process.kill()
        raise
    return server
