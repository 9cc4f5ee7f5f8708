"""The servers of `servers.toml`: making their databases, starting and stopping them."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import database
from cases import LISTS, Request

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
VAR = ROOT / "var" / "benchmarks"
START_SECONDS = 30
# All workers of a server must have loaded the application before any load is put on it.
SETTLE_SECONDS = 1
STOP_SECONDS = 15


@dataclass(frozen=True)
class Server:
    """One implementation of the API; `servers.toml` says what its members are."""

    name: str
    label: str
    folder: str
    tables: str
    serve: str
    url: str = "postgresql"
    environ: Mapping[str, str] = field(default_factory=dict)
    ours: bool = False

    @property
    def database(self) -> str:
        """Return the name of its database."""
        return f"bench_{self.name.replace('-', '_')}"

    def environment(self, postgresql: str, port: int = 8000) -> dict[str, str]:
        """Return its environment: settings of this shell must not reach it."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        url = database.url_of(postgresql, self.database, self.url)
        return {**kept, "DATABASE_URL": url, "PORT": str(port), **self.environ}

    def prepare(self, postgresql: str) -> None:
        """Make its database anew, with its tables, and fill it."""
        drop = f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)"
        create = f"CREATE DATABASE {self.database} TEMPLATE template0 ENCODING 'UTF8'"
        database.execute(postgresql, drop, create)
        tables = shlex.split(self.tables)
        subprocess.run(tables, cwd=self.folder, env=self.environment(postgresql), check=True)
        url = database.url_of(postgresql, self.database)
        database.execute(url, (HERE / "fill.sql").read_text())

    @contextmanager
    def serving(self, postgresql: str) -> Iterator[tuple[int, int]]:
        """Run it, and stop it with all its workers; yield its main process and its port."""
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        log = VAR / f"{self.name}.log"
        process = subprocess.Popen(
            shlex.split(self.serve.format(port=port)),
            cwd=self.folder,
            env=self.environment(postgresql, port),
            stdout=log.open("wb"),
            stderr=subprocess.STDOUT,
            # Ctrl-C is for this process alone.
            start_new_session=True,
        )
        try:
            if not _answers(process, port):
                raise SystemExit(f"{self.name} doesn't start: see {log}")
            yield process.pid, port
            if process.poll() is not None:
                raise SystemExit(f"{self.name} ended by itself: see {log}")
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait for a server; return whether it answers."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError):
            if Request("GET", LISTS[0]).send(port).status_code == 200:
                time.sleep(SETTLE_SECONDS)
                return True
        time.sleep(0.1)
    return False


def all_servers(base: Path | None) -> list[Server]:
    """Return the servers; with a base, also this service as that other checkout has it."""
    servers = _read(ROOT)
    candidates = [server for server in servers if server.ours]
    others = [
        replace(server, name=server.name.replace("ours", "base"), label=server.label + ", base")
        for server in (_read(base.resolve()) if base else [])
        if server.ours
    ]
    return [*candidates, *others, *servers[len(candidates) :]]


def _read(checkout: Path) -> list[Server]:
    text = (HERE / "servers.toml").read_text()
    packages = next(checkout.glob(".venv/lib/python3*/site-packages"), checkout)
    places = {"checkout": checkout, "packages": packages, "peers": VAR / "peers" / "bin"}
    for place, path in places.items():
        text = text.replace(f"{{{place}}}", str(path))
    return [Server(name, **table) for name, table in tomllib.loads(text).items()]
