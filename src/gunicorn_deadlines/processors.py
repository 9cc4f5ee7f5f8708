"""How many processors this process may use, which may be fewer than the machine has."""

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

# With 10 database connections each, this number of workers leaves some of the 100 that PostgreSQL
# allows by default.
WORKERS_MAX = 8


def default_workers(root: Path = Path("/")) -> int:
    """Return one worker for each processor that may be used, at most `WORKERS_MAX`.

    Args:
        root: where `proc` and `sys` are.
    """
    quotas = (_quota(group) for group in _groups(root))
    return min(WORKERS_MAX, math.ceil(min([_processors(), *quotas])))


def _processors() -> int:
    # Only Linux and some others can bind a process to processors.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _groups(root: Path) -> Iterator[Path]:
    """Yield the directories of the process's control groups (cgroups(7)), and those above them.

    A container may see its own group at the top, under whatever path the machine gives it.
    """
    memberships = ""
    with suppress(OSError):
        memberships = (root / "proc/self/cgroup").read_text()
    for membership in memberships.splitlines():
        _, controllers, path = membership.split(":", 2)
        # Version 2 has one tree, version 1 has one for each controller.
        if not controllers or "cpu" in controllers.split(","):
            top = root / "sys/fs/cgroup" / ("cpu" if controllers else "")
            group = top / path.lstrip("/")
            yield from (each for each in (group, *group.parents) if each.is_relative_to(top))


def _quota(group: Path) -> float:
    """Return the time that a group gets, in processors; infinity where it has no limit."""
    for names in (["cpu.max"], ["cpu.cfs_quota_us", "cpu.cfs_period_us"]):
        # A group without a limit has the word `max`, or -1.
        with suppress(OSError, ValueError):
            quota, period = " ".join((group / name).read_text() for name in names).split()
            if int(quota) > 0:
                return int(quota) / int(period)
    return math.inf
