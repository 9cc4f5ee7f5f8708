"""A checker of histories: can what the clients saw have happened one after the other?"""

from collections.abc import Callable, Hashable, Sequence
from typing import Protocol, TypeVar


class Timed(Protocol):
    """An operation of a history: when it was sent, and when it was answered."""

    @property
    def sent(self) -> float: ...

    @property
    def answered(self) -> float | None:
        """None if nobody knows: it may happen at any time after it was sent, or never."""


State = TypeVar("State", bound=Hashable)
Operation = TypeVar("Operation", bound=Timed)


def is_linearizable(
    history: Sequence[Operation], state: State, step: Callable[[State, Operation], State | None]
) -> bool:
    """Return whether there is an order of the operations in which each has its answer.

    An operation that was answered before another was sent must come before it. This is the search
    of Wing and Gong with the memory of Lowe ("Testing for linearizability", 2017): the same
    operations with the same result are not continued twice.

    Args:
        state: what it is before the first operation.
        step: returns the state after an operation, or None if the operation could not have been
            answered as it was.
    """
    operations = sorted(history, key=lambda operation: operation.sent)
    ends = [float("inf") if o.answered is None else o.answered for o in operations]
    known = {index for index, operation in enumerate(operations) if operation.answered is not None}
    waiting = [(frozenset(range(len(operations))), state)]
    met = set(waiting)
    while waiting:
        left, state = waiting.pop()
        if not left & known:
            return True
        # Nothing can come before what was answered first, unless it had been sent by then.
        first_answer = min(ends[index] for index in left)
        for index in left:
            if operations[index].sent > first_answer:
                continue
            after = step(state, operations[index])
            branch = (left - {index}, after)
            if after is not None and branch not in met:
                met.add(branch)
                waiting.append(branch)
    return False
