"""The servers of `servers.toml`: making their databases, starting and stopping them."""

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import database
from cases import LISTS, send
from requests import Request, RequestException

HERE = Path(__file__).resolve().parent
VAR = HERE.parent / "var" / "benchmarks"
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
    environ: Mapping[str, str] = field(default_factory=dict, hash=False)
    ours: bool = False

    def prepare(self, postgresql: str) -> str:
        """Make its database again, with its tables, and fill it; return the database's URL."""
        name = f"bench_{self.name.replace('-', '_')}"
        drop = f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"
        create = f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"
        database.execute(postgresql, drop, create)
        url = database.url_of(postgresql, name)
        tables, environment = shlex.split(self.tables), self._environment(url)
        # What it prints is not for stdout, where the tables of the report go.
        subprocess.run(tables, cwd=self.folder, env=environment, stdout=sys.stderr, check=True)
        # What an update has left behind would be in the way.
        database.execute(url, (HERE / "fill.sql").read_text(), "VACUUM FULL tasks")
        return url

    @contextmanager
    def serving(self, url: str) -> Iterator[tuple[int, str]]:
        """Run it, and stop it with all its workers; yield its main process and its address."""
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        log, command = VAR / f"{self.name}.log", shlex.split(self.serve.format(port=port))
        with log.open("w") as output:
            # In a session of its own: Ctrl-C is for this process alone.
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=self._environment(url),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            root = f"http://127.0.0.1:{port}"
            send(Request("GET", root + LISTS[0])).raise_for_status()
            time.sleep(SETTLE_SECONDS)
            yield process.pid, root
        except RequestException as error:
            raise SystemExit(f"{self.name} doesn't answer; see {log}: {error}") from None
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def _environment(self, url: str) -> dict[str, str]:
        # Settings of this shell must not reach a server.
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return {**kept, "DATABASE_URL": url, **self.environ}


def read_servers(checkout: Path, name: str) -> list[Server]:
    """Return the servers; this service is that of a checkout, and has the name given."""
    text = (HERE / "servers.toml").read_text()
    packages = next(checkout.glob(".venv/lib/python3*/site-packages"), checkout)
    places = {"ours": name, "checkout": checkout, "packages": packages, "peers": VAR / "peers/bin"}
    places["label"] = "this service" if name == "ours" else name
    for place, value in places.items():
        text = text.replace(f"{{{place}}}", str(value))
    return [Server(key, **members) for key, members in tomllib.loads(text).items()]
