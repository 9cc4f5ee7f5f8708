"""A PostgreSQL on data of its own: make the data; start, check and stop the server."""

import fcntl
import os
import pwd
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

# It is only part of the socket's name: the server doesn't listen on the network.
PORT = "5432"
# Nothing of a statement that fails, or that kills its process: there are values of users in it, and
# the client gets to know.
LOGGING = ("log_min_messages=log", "log_min_error_statement=panic", "log_error_verbosity=terse")
# Seconds between two looks at what another process does.
INTERVAL = 0.05


class StartFailed(Exception):
    """The server did not start; the text has its last error."""


class Server:
    """The server on the data in `directory/postgresql`.

    It holds a lock (flock) as long as one of its processes lives. The kernel releases the lock, so
    it can be trusted. `postmaster.pid` can't: after a power cut, or in a new container, its process
    id may belong to another process.
    """

    def __init__(self, directory: Path, binaries: Path, socket_directory: str) -> None:
        self.data = directory / "postgresql"
        self.binaries = binaries
        self.socket_directory = socket_directory
        self.lock = directory / "postgresql.server.lock"
        self.log = directory / "postgresql.log"
        self.pid = 0

    def start(self) -> None:
        """Start it and wait until it serves.

        Raises:
            StartFailed: it ended instead.
        """
        # If one runs already, its supervisor was killed, and nobody looks after it. It serves, or
        # it is starting or ending.
        while not self.launch() and not self.is_ready():
            time.sleep(INTERVAL)
        while not self.is_ready():
            if not self.is_running():
                raise StartFailed(self.last_error())
            time.sleep(INTERVAL)
        self.pid = int(self.status()[0])

    def launch(self) -> bool:
        """Start a process of it, unless it runs; return whether it was started."""
        lock = try_lock(self.lock)
        if lock is None:
            return False
        try:
            if not (self.data / "PG_VERSION").exists():
                self.initialise(lock)
            # It doesn't run, so these files are stale. PostgreSQL would trust their process ids.
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            Path(self.socket_directory, f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
            place = ("-k", self.socket_directory, "-p", PORT, "-c", "listen_addresses=")
            logging = (word for setting in LOGGING for word in ("-c", setting))
            self.pid = self.run("postgres", self.data, *place, *logging, lock=lock).pid
        finally:
            os.close(lock)
        return True

    def initialise(self, lock: int) -> None:
        """Make the data beside their place; rename them when they are complete."""
        half = self.data.with_suffix(".new")
        if half.exists():
            shutil.rmtree(half)
        half.mkdir(mode=0o700)
        # PostgreSQL refuses to run as root. -1 leaves the owner as it is.
        uid, gid = pwd.getpwnam("nobody")[2:4] if os.geteuid() == 0 else (-1, -1)
        os.chown(half, uid, gid)
        options = ("-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C")
        if self.run("initdb", half, *options, lock=lock).wait():
            raise StartFailed(self.last_error())
        half.rename(self.data)
        directory = os.open(self.data.parent, os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)

    def run(self, program: str, data: Path, *options: str, lock: int) -> subprocess.Popen[bytes]:
        """Run a program as the owner of the data; it holds the lock as long as it runs."""
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603
                [*as_owner(data), self.binaries / program, "-D", data, *options],
                env={**os.environ, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[lock],
            )

    def is_running(self) -> bool:
        """Return whether any process of it lives."""
        lock = try_lock(self.lock)
        if lock is not None:
            os.close(lock)
        return lock is None

    def is_ready(self) -> bool:
        """Return whether it accepts connections, if it runs."""
        return self.status()[7:] == ["ready"]

    def status(self) -> list[str]:
        """Return the lines of `postmaster.pid`, of which the first is the process id."""
        try:
            text = (self.data / "postmaster.pid").read_text(errors="replace")
        except FileNotFoundError:
            return []
        return [line.strip() for line in text.splitlines()]

    def stop(self) -> None:
        """Stop it without waiting for its clients, and wait until it has ended."""
        if self.is_running():
            os.kill(self.pid, signal.SIGINT)
        os.close(take_lock(self.lock))

    def last_error(self) -> str:
        """Return the last error in its log."""
        errors = re.findall(r"(?:FATAL|PANIC|error):\s+(.*)", self.log.read_text(errors="replace"))
        return f"{errors[-1] if errors else 'it ended'} (its log is {self.log})"


def as_owner(data: Path) -> list[str]:
    """Return the start of a command that root runs as the owner of the data.

    It keeps one capability, so that it reaches programs, data and socket in directories of root's:
    none of them has to be opened for others.

    Raises:
        StartFailed: the system is another one than Linux, whose `setpriv` this needs.
    """
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        raise StartFailed("root can't start it here, where there is no setpriv: be another user")
    owner, capability = data.stat(), "-all,+dac_override"
    to_owner = [f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups"]
    # Without this bit, access(2) would ignore the capability: see capabilities(7).
    to_reach = [
        f"--inh-caps={capability}",
        f"--ambient-caps={capability}",
        "--securebits=+no_setuid_fixup",
    ]
    return [] if os.geteuid() else ["setpriv", *to_owner, *to_reach, "--"]


def take_lock(path: Path) -> int:
    """Take the lock of a file alone, and return the file descriptor that holds it."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def try_lock(path: Path) -> int | None:
    """Take the lock of a file alone, as `take_lock` does, or return None if it is held."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock
