"""Load on a server by wrk, and the CPU time that its requests cost."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


def run_wrk(root: str, status: int, seconds: int, connections: int) -> dict[str, Any]:
    """Send the requests of `requests.tsv` in turn; return the counts of `cycle.lua`."""
    wrk = ["wrk", "--threads=1", f"--connections={connections}", f"--duration={seconds}s"]
    wrk += [f"--script={HERE}/cycle.lua", root, f"{VAR}/requests.tsv", str(status)]
    done = subprocess.run(wrk, capture_output=True, text=True, check=False)
    found = re.search(r"^RESULT (.*)$", done.stdout, re.MULTILINE)
    counts: dict[str, Any] = json.loads(found[1]) if found else {}
    if not counts.get("requests") or counts["wrong"]:
        raise SystemExit(f"Requests failed:\n{done.stdout}{done.stderr}")
    return counts


def balanced(server: int, run: Callable[[], Any]) -> tuple[Any, float, int]:
    """Put a load on a server, given its main process, until both of its workers take part in it.

    The kernel gives each connection to the worker that takes it first, and now and then one worker
    takes them all. This chance is not what is compared here.

    Returns:
        What `run` has returned, the server's CPU seconds meanwhile, and how often it was repeated.
    """
    for attempt in range(ATTEMPTS):
        before = cpu_times(server)
        found = run()
        after = cpu_times(server)
        first, second = sorted((after[one] - before.get(one, 0) for one in after), reverse=True)[:2]
        if second >= LOPSIDED * first:
            return found, sum(after.values()) - sum(before.values()), attempt
    raise SystemExit(f"One worker took nearly all connections, {ATTEMPTS} times.")


def measure(server: int, postgresql: int, *how: Any) -> Figures:
    """Measure the load that `run_wrk` makes, given the main processes of server and database."""

    def run() -> tuple[dict[str, Any], float]:
        before = sum(cpu_times(postgresql).values())
        counts = run_wrk(*how)
        return counts, sum(cpu_times(postgresql).values()) - before

    (counts, database_used), used, repeated = balanced(server, run)
    cpu = (seconds / counts["requests"] * 1e6 for seconds in (used, database_used))
    return Figures(counts["rate"], counts["p50_ms"], counts["p99_ms"], *cpu, repeated)


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
