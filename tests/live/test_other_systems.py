"""The service starts and serves where what only Linux has isn't there, as on macOS."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from tools.server import ROOT, Server, environment, free_port

pytestmark = pytest.mark.long

# What Python has on Linux and not on macOS; and the places that aren't there.
SITECUSTOMIZE = """
import builtins, io, os, resource, select, signal, socket

def take(module, *names):
    for name in names:
        vars(module).pop(name, None)
        if name in getattr(module, "__all__", ()):
            module.__all__.remove(name)

take(os, "sched_getaffinity", "sched_setaffinity", "sched_getscheduler", "process_cpu_count",
     "pipe2", "memfd_create", "eventfd", "pidfd_open", "fdatasync", "posix_fadvise",
     "posix_fallocate", "splice", "copy_file_range", "setresuid", "setresgid", "getresuid",
     "getresgid", "O_PATH", "O_TMPFILE", "O_DIRECT", "getrandom", "unshare", "setns")
take(select, "epoll", *[name for name in vars(select) if name.startswith("EPOLL")])
take(socket, "SOCK_CLOEXEC", "SOCK_NONBLOCK", "TCP_USER_TIMEOUT", "TCP_KEEPIDLE", "TCP_QUICKACK",
     "TCP_DEFER_ACCEPT", "TCP_CORK", "SO_PEERCRED", "SO_DOMAIN", "SO_PROTOCOL", "SO_MARK",
     "SO_INCOMING_CPU", "SO_BINDTODEVICE", "MSG_NOSIGNAL", "MSG_CMSG_CLOEXEC", "MSG_ERRQUEUE")
take(signal, "sigtimedwait", "sigwaitinfo", "pidfd_send_signal", "SIGRTMIN", "SIGRTMAX", "SIGPOLL")
take(resource, "prlimit", "RLIMIT_NICE", "RLIMIT_RTPRIO", "RLIMIT_SIGPENDING", "RUSAGE_THREAD")

def hide(module, name):
    there = getattr(module, name)
    def look(path, *args, **kwargs):
        if isinstance(path, (str, bytes, os.PathLike)):
            text = os.fsdecode(path)
            if any(f"{text}/".startswith(f"{place}/") for place in ("/proc", "/sys", "/dev/shm")):
                raise FileNotFoundError(2, "No such file or directory", text)
        return there(path, *args, **kwargs)
    setattr(module, name, look)

for module, name in ((os, "open"), (os, "stat"), (os, "lstat"), (os, "readlink"), (os, "scandir"),
                     (os, "listdir"), (os, "access"), (io, "open"), (builtins, "open")):
    hide(module, name)
"""
NOBODY = 65534
# There, nobody is root. Python may be in root's home: this lets another user read there.
AS_NOBODY = [
    *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
    *("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search", "--"),
]


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory of the user who starts the service, with what is imported first."""
    directory = Path(tempfile.mkdtemp(prefix="tasks-api-"))
    (directory / "sitecustomize.py").write_text(SITECUSTOMIZE)
    if os.geteuid() == 0:
        os.chown(directory, NOBODY, NOBODY)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


def test_service_starts_and_serves_without_what_only_linux_has(place, tmp_path, user):
    port, log = free_port(), tmp_path / "log"
    # No setpriv is found.
    (tmp_path / "bin").mkdir()
    settings = environment(DATA_DIR=place / "data", PORT=port, PYTHONPATH=place, TMPDIR=place)
    python = [shutil.which("env"), f"PATH={tmp_path / 'bin'}", sys.executable]
    prefix = [] if os.geteuid() else AS_NOBODY
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*prefix, *python, "-m", "tasks_api"],
            cwd=ROOT,
            env=settings,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(process, port, log)
    try:
        server.wait()
        tasks = f"{server.url}/api/{user}/tasks"
        task = requests.post(tasks, json={"title": "x"}).json()
        assert requests.get(tasks).json() == [task]
        assert requests.get(f"{server.url}/ready").status_code == 200
        assert "tasks_api_workers" in requests.get(f"{server.url}/metrics").text
    finally:
        assert server.stop(signal.SIGTERM) == 0, log.read_text()
    assert not (place / "data" / "postgresql" / "postmaster.pid").exists()
    assert "ERROR" not in log.read_text()
