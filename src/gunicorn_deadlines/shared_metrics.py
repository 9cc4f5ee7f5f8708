"""What the workers measure, in files from which each of them can read the sum.

It relies on prometheus_client's `MultiProcessValue`, whose number is its `_value`, and on
`values.ValueClass` being looked up when a metric is made.

A worker's files are named by its number, the lowest that no living worker has. So its successor
counts on in them; by process ids, each worker that ends would leave files for ever.

Counting into a file takes ten times as long as counting. So a worker counts in its own memory, and
writes to its files once a second.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterable
from itertools import count
from typing import Any

from prometheus_client import values

from gunicorn_deadlines.metrics import Metrics

# Whose files this process writes, and what has changed since it wrote them.
_owner = "master"
_changed: set[Any] = set()

FileValue: Any = values.MultiProcessValue(lambda: _owner)  # type: ignore[no-untyped-call]


class Value(FileValue):
    """A number of a metric that is written to its file later."""

    def inc(self, amount: float) -> None:
        """Add to the number. No other greenlet runs meanwhile."""
        self._value += amount
        _changed.add(self)


def share(parent: str | None) -> str:
    """Make the directory of the files, before any metric is made; it is removed at the end.

    Args:
        parent: where to make it; the system's directory for temporary files if None.
    """
    directory = tempfile.mkdtemp(prefix="gunicorn-metrics-", dir=parent)
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory
    values.ValueClass = Value
    return directory


def free_number(workers: Iterable[Any]) -> int:
    """Return the lowest number that none of these workers has."""
    taken = {worker.number for worker in workers}
    return next(number for number in count() if number not in taken)


def measure_as(number: int, metrics: Metrics) -> None:
    """Measure for the worker of this number from now on, and leave the directory to the master."""
    global _owner  # noqa: PLW0603
    _owner = str(number)
    atexit.unregister(shutil.rmtree)
    # With the first number that is set, all continue with what is in the files of the new owner.
    metrics.count_worker()


def write() -> None:
    """Write what has changed to the files."""
    while _changed:
        value = _changed.pop()
        value.set(value._value)
