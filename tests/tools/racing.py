"""Many clients at once. Every thread that is started here ends here, however a test ends."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Event
from typing import TypeVar

import sqlalchemy as sa

Answer = TypeVar("Answer")

BLOCKED = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE :holder = ANY(pg_blocking_pids(pid))"
)


def race(number: int, act: Callable[[int], Answer]) -> list[Answer]:
    """Call `act` in a number of threads at the same moment; return what each of them answers."""
    barrier = Barrier(number)

    def start(index: int) -> Answer:
        barrier.wait()
        return act(index)

    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(start, range(number)))


@contextmanager
def beside(
    *acts: Callable[[], object], release: Callable[[], object] = lambda: None
) -> Iterator[list[Future[object]]]:
    """Repeat each of `acts` in a thread of its own until the block is left, or has failed.

    Args:
        release: called then: ends what the acts wait for.

    Raises:
        Exception: what an act has raised, unless the block has raised something itself.
    """
    over = Event()

    def repeat(act: Callable[[], object]) -> None:
        while not over.is_set():
            act()

    with ThreadPoolExecutor(len(acts)) as threads:
        try:
            running = [threads.submit(repeat, act) for act in acts]
            yield running
        finally:
            over.set()
            release()
    for act in running:
        act.result()


@contextmanager
def meanwhile(
    act: Callable[[], Answer], release: Callable[[], object] = lambda: None
) -> Iterator[Future[Answer]]:
    """Call `act` in a thread beside the block, and wait for its end at the end of the block.

    Args:
        release: called when the block is left, or has failed: ends what `act` waits for.
    """
    with ThreadPoolExecutor(1) as threads:
        try:
            yield threads.submit(act)
        finally:
            release()


def while_it_waits(
    database: sa.Connection, user: str, act: Callable[[], Answer], *changes: str, **given: object
) -> Answer:
    """Have a user's write begin, and wait for the user's row while other changes are made.

    Args:
        database: any connection to the database; the changes get one of their own.
        act: begins the write; in a thread of its own.
        changes: SQL that is run while the write waits, and committed before it goes on.
        given: parameters of the changes, besides `:user`.
    """
    with ThreadPoolExecutor(1) as threads, transaction(database) as holder:
        given["user"] = user
        holder.execute(sa.text("SELECT 1 FROM users WHERE id = :user FOR UPDATE"), given)
        writing = threads.submit(act)
        wait_until_blocked(database, holder, writing)
        for change in changes:
            holder.execute(sa.text(change), given)
        holder.commit()
        return writing.result()


@contextmanager
def transaction(database: sa.Connection) -> Iterator[sa.Connection]:
    """Open a connection with a transaction, which is rolled back unless it is committed."""
    with database.engine.execution_options(isolation_level="READ COMMITTED").connect() as opened:
        yield opened


def wait_until_blocked(
    database: sa.Connection, holder: sa.Connection, act: Future[Answer], number: int = 1
) -> None:
    """Wait until a number of others wait for what `holder` has locked.

    Raises:
        AssertionError: the act is over, and hasn't waited.
    """
    pid = holder.scalar(sa.text("SELECT pg_backend_pid()"))
    while database.scalar(BLOCKED, {"holder": pid}) < number:
        assert not act.done(), act.result()
