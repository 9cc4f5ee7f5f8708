"""Many clients at once: they start together, and none is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

Answer = TypeVar("Answer")


def race(number: int, act: Callable[[int], Answer]) -> list[Answer]:
    """Call `act` in so many threads at the same moment; give what each of them answers."""
    barrier = Barrier(number)

    def start(index: int) -> Answer:
        barrier.wait()
        return act(index)

    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(start, range(number)))
