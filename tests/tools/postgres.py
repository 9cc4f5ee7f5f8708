"""PostgreSQL servers of a test's own, which may be killed, copied and promoted."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import sqlalchemy as sa

from local_postgres import start
from local_postgres.server import PORT, as_owner
from tools.databases import connect

# Those of another version, if they are given.
BINARIES = Path(os.environ.get("TEST_POSTGRES_BINARIES") or start._binaries())


class Postgres:
    """A server on a directory, reachable by a socket there."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.data = directory / "data"
        self.log = directory / "log"

    @property
    def url(self) -> sa.URL:
        query = {"host": str(self.directory), "port": PORT}
        return sa.URL.create("postgresql+psycopg2", "postgres", database="postgres", query=query)

    def run(self, program: str, *arguments: object) -> None:
        command = [*as_owner(self.directory), BINARIES / program, *map(str, arguments)]
        result = subprocess.run(
            command,
            env={**os.environ, "LC_ALL": "C"},
            # The server would keep a pipe open.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        assert result.returncode == 0, self.log.read_text() if self.log.exists() else command

    def initialise(self) -> None:
        locale = ("--locale=C.UTF-8", "--encoding=UTF8")
        self.run("initdb", "-D", self.data, "-U", "postgres", "--auth=trust", "--no-sync", *locale)

    def copy(self, primary: "Postgres") -> None:
        """Copy the data of a server, to follow it as its standby."""
        here = ("-D", self.data, "--write-recovery-conf")
        there = ("-h", primary.directory, "-p", PORT, "-U", "postgres")
        self.run("pg_basebackup", *here, *there, "--checkpoint=fast", "--no-sync")

    def start(self) -> None:
        place = f"-k '{self.directory}' -p {PORT} -c listen_addresses= -c fsync=off"
        self.run("pg_ctl", "start", "--wait", "-D", self.data, "-l", self.log, "-o", place)

    def processes(self) -> list[psutil.Process]:
        """Return them, the first of them first."""
        postmaster = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
        return [postmaster, *postmaster.children()]

    def kill(self) -> None:
        """End all its processes at once, as a power cut does."""
        for process in (processes := self.processes()):
            process.kill()
        psutil.wait_procs(processes)
        (self.data / "postmaster.pid").unlink()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop all its processes while the block runs; then they go on with what they had begun."""
        for process in (processes := self.processes()):
            process.suspend()
        try:
            yield
        finally:
            for process in processes:
                process.resume()

    def set(self, name: str, value: str) -> None:
        """Change a setting while it runs."""
        with connect(self.url) as connection:
            connection.execute(sa.text(f"ALTER SYSTEM SET {name} = '{value}'"))
            connection.execute(sa.text("SELECT pg_reload_conf()"))

    def promote(self) -> None:
        """Make a standby a primary, and wait until it is one."""
        with connect(self.url) as connection:
            assert connection.scalar(sa.text("SELECT pg_promote()"))


@contextmanager
def new_server() -> Iterator[Postgres]:
    """Make a place for a server; stop it and remove its data at the end."""
    # Its socket is in it: the path must be short.
    directory = Path(tempfile.mkdtemp(prefix="tasks-api-"))
    try:
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root.
            shutil.chown(directory, pwd.getpwnam("nobody").pw_uid)
        yield (server := Postgres(directory))
    finally:
        if (server.data / "postmaster.pid").exists():
            server.kill()
        shutil.rmtree(directory)
