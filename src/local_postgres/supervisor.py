"""The process that looks after the embedded PostgreSQL: `python -m … DIRECTORY BINARIES`.

It starts the server, starts it again when it dies, and stops it when nobody uses it any more. It
doesn't matter how the users have ended: the kernel releases their locks (flock). The directory has

    postgresql/                  the data
    postgresql.new/              data that are not complete yet
    postgresql.log               the server's log, since the supervisor began
    postgresql.socket            the path of the directory with the server's socket
    postgresql.lock              shared by the processes that use the server
    postgresql.starting.lock     held while a supervisor starts the server
    postgresql.supervisor.lock   held by the supervisor
    postgresql.server.lock       held by the server
"""

import os
import shutil
import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from stat import S_ISDIR

from local_postgres.server import INTERVAL, PORT, Server, StartFailed, take_lock, try_lock

# In bytes, on macOS.
SOCKET_PATH_MAX = 103
# Seconds before a server that has died is started again.
RESTART_DELAY = 1.0


def supervise(directory: Path, binaries: Path) -> None:
    """Look after the server in a directory, unless another supervisor does.

    Answers `ready SOCKET_DIRECTORY` once the server serves, or `failed REASON`.
    """
    starting = take_lock(directory / "postgresql.starting.lock")
    supervising = try_lock(directory / "postgresql.supervisor.lock")
    note = directory / "postgresql.socket"
    if supervising is None:
        # The other one has finished starting; until then we waited for its lock.
        answer(f"ready {note.read_text()}")
        return
    try:
        (directory / "postgresql.log").unlink(missing_ok=True)
        server = Server(directory, binaries, socket_directory(note))
        server.start()
    except (OSError, StartFailed) as error:
        answer(f"failed {error}")
        return
    answer(f"ready {server.socket_directory}")
    os.close(starting)
    while try_lock(directory / "postgresql.lock") is None:
        if not server.is_running():
            time.sleep(RESTART_DELAY)
            # What prevents it from starting now, such as a full disk, may end later.
            with suppress(OSError):
                server.launch()
        time.sleep(INTERVAL)
    server.stop()
    shutil.rmtree(server.socket_directory, ignore_errors=True)
    # This lock is released before the users' lock, which ends with the process: the next user
    # needs both.
    os.close(supervising)


def socket_directory(note: Path) -> str:
    """Return the path of a directory that nobody else may enter, short enough for a socket.

    A supervisor that was killed has left its directory behind: the server may still be there.
    """
    with suppress(FileNotFoundError):
        left, state = note.read_text(), os.lstat(note.read_text())
        if S_ISDIR(state.st_mode) and state.st_uid == os.geteuid():
            return left
    made = tempfile.mkdtemp(prefix="tasks-api-", dir=socket_parent(tempfile.gettempdir()))
    note.write_text(made)
    return made


def socket_parent(temporary: str) -> str:
    """Return where to make that directory: the system's for temporary files, if it is short enough.

    A socket's path has at most 107 bytes (103 on macOS). The path of the data may have more.
    """
    longest = os.path.join(temporary, f"tasks-api-12345678/.s.PGSQL.{PORT}")
    return temporary if len(os.fsencode(longest)) <= SOCKET_PATH_MAX else "/tmp"  # noqa: S108


def answer(text: str) -> None:
    """Answer the process that has started us, which reads to the end, and detach from it."""
    with suppress(BrokenPipeError):
        print(text, flush=True)  # noqa: T201
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)


def become(owner: os.stat_result) -> None:
    """If root has started us, become the owner of a directory, who may be another user."""
    os.setgid(os.getegid() if os.geteuid() else owner.st_gid)
    os.setuid(os.geteuid() or owner.st_uid)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # We end when nobody uses the server. An ignored signal would stay ignored in the server.
        signal.signal(number, lambda *_: None)
    become(Path(sys.argv[1]).stat())
    supervise(Path(sys.argv[1]), Path(sys.argv[2]))
