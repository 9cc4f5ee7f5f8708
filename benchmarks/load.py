"""Load on a server by wrk, and the CPU time that its requests cost."""

from __future__ import annotations

import json
import os
import re
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from servers import HERE, VAR

TICKS = os.sysconf("SC_CLK_TCK")
# Where the second worker used less than this part of the first one's CPU time, it got next to none
# of the connections, and half of the server was not measured.
LOPSIDED = 0.25
ATTEMPTS = 20


@dataclass(frozen=True)
class Figures:
    """What one measurement found; CPU time is that of one request, in microseconds."""

    rate: float
    p50_ms: float
    p99_ms: float
    workers_us: float
    postgresql_us: float
    repeated: int


def run_wrk(port: int, status: int, seconds: int, connections: int) -> dict[str, int]:
    """Send the requests of `requests.tsv` in turn; return wrk's counts, times in microseconds."""
    wrk = ["wrk", "--threads=1", f"--connections={connections}", f"--duration={seconds}s"]
    wrk += [f"--script={HERE}/cycle.lua", f"http://127.0.0.1:{port}"]
    wrk += [f"{VAR}/requests.tsv", str(status)]
    done = subprocess.run(wrk, capture_output=True, text=True, check=False)
    found = re.search(r"^RESULT (.*)$", done.stdout, re.MULTILINE)
    if done.returncode or not found:
        raise SystemExit(f"wrk failed:\n{done.stdout}{done.stderr}")
    counts: dict[str, int] = json.loads(found[1])
    if counts["wrong"] or not counts["requests"]:
        raise SystemExit(f"{counts['wrong']} of {counts['requests']} requests failed")
    return counts


def measure(server: int, postgresql: int, port: int, *how: int) -> Figures:
    """Measure the load that `run_wrk` puts on a server.

    The kernel gives each connection to the worker that takes it first, and now and then one worker
    takes them all. This chance is not what is compared here, so such a measurement is repeated.

    Args:
        server: the id of its main process; `postgresql` is that of the database's.
        how: the status, seconds and connections for `run_wrk`.
    """
    for attempt in range(ATTEMPTS):
        before, database_before = cpu_times(server), cpu_times(postgresql)
        counts = run_wrk(port, *how)
        after, database_after = cpu_times(server), cpu_times(postgresql)
        first, second = sorted((after[one] - before.get(one, 0) for one in after), reverse=True)[:2]
        if second >= LOPSIDED * first:
            used = sum(after.values()) - sum(before.values())
            database_used = sum(database_after.values()) - sum(database_before.values())
            return Figures(
                rate=counts["requests"] / counts["microseconds"] * 1e6,
                p50_ms=counts["p50"] / 1000,
                p99_ms=counts["p99"] / 1000,
                workers_us=used / counts["requests"] * 1e6,
                postgresql_us=database_used / counts["requests"] * 1e6,
                repeated=attempt,
            )
    raise SystemExit(f"one worker took nearly all connections, {ATTEMPTS} times")


def cpu_times(process: int) -> dict[int, float]:
    """Return the CPU seconds of each child of a process, and its own with those that ended."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    times = {}
    for one in (process, *map(int, children)):
        # A child may end before it is asked.
        with suppress(FileNotFoundError, ProcessLookupError):
            # The second field is a name in parentheses, which may hold anything.
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            times[one] = sum(map(int, fields[11:15])) / TICKS
    return times
