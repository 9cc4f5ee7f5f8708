"""Several clients at once on one user's tasks, during outages, and a check of all they saw."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Condition

from tools.clients import Client, Follower, Listener, Participant, Waiter
from tools.linearizability import is_linearizable
from tools.racing import beside
from tools.task_history import READS, Operation, Task, step


class Load:
    """Four clients of one user, and three that follow the user's feed, each in another way.

    Args:
        url: the user's address.
        lost: what a request raises, or its answer, whose worker was killed.
    """

    def __init__(self, url: str, lost: tuple[type[Exception], ...] = ()) -> None:
        self.url = url
        self.lost = lost
        self.history: dict[str, list[Operation]] = {}
        self.ids: list[str] = []
        self.changed = Condition()
        self.is_out = False
        self.clients = [Client(self, number) for number in range(4)]
        self.listener = Listener(self)
        self.followers = [Follower(self), Waiter(self), self.listener]
        self.everyone: list[Participant] = [*self.clients, *self.followers]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let all send one request after the other while the block runs; then check the answers."""
        with ExitStack() as sessions:
            for each in self.everyone:
                sessions.enter_context(each.session)
            sessions.callback(self.listener.hang_up)
            # The followers begin with a copy: they can't see what was deleted before that.
            self.clients[0].create()
            for each in self.followers:
                each.catch_up()
            following = [each.act for each in self.followers]
            with (
                beside(*following, release=self.clients[0].create) as followers,
                beside(*(each.act for each in self.clients)) as clients,
            ):
                self.threads = followers + clients
                yield
            self.clients[0].list()
            for each in self.followers:
                each.catch_up()
        self.check_tasks()
        self.check_feed()

    def record(self, task: str, operation: Operation) -> None:
        self.history.setdefault(task, []).append(operation)

    def go_on(self, number: int = 10) -> None:
        """Wait until each has got some more answers."""
        enough = {each: each.answers + number for each in self.everyone}
        self.until(lambda each: each.answers >= enough[each])

    def until(self, reached: Callable[[Participant], bool]) -> None:
        """Wait until something is true of each."""
        with self.changed:
            while not all(map(reached, self.everyone)):
                for thread in self.threads:
                    assert not thread.done(), thread.result()
                self.changed.wait(1)

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Let those wait that get a 503, until the block has ended the outage."""
        self.is_out = True
        try:
            yield
        finally:
            with self.changed:
                self.is_out = False
                self.changed.notify_all()

    def check_tasks(self) -> None:
        """Check that there is an order of all operations on a task in which the answers are right.

        A write whose answer was lost may be anywhere in it, or nowhere, but not twice.
        """
        for operations in self.history.values():
            assert is_linearizable(operations, Task(), step), operations

    def check_feed(self) -> None:
        """Check that the feed has no gap: each change was seen, or a later one of that task."""
        written = [
            (task, operation.body["revision"], operation.kind)
            for task, operations in self.history.items()
            for operation in operations
            if operation.kind not in READS and operation.status in {200, 201} and operation.body
        ]
        # A push that is repeated finds its change done, and perhaps others after it.
        own = [revision for _, revision, kind in written if kind != "push"]
        assert len(set(own)) == len(own)
        with (copy := Follower(self)).session:
            copy.catch_up()
        for follower in self.followers:
            # Nothing came twice, and nothing out of order.
            assert follower.revisions == sorted(set(follower.revisions))
            # No task but those that were acknowledged: no creation was done twice.
            assert follower.last.keys() == self.history.keys()
            assert all(follower.last[task] >= revision for task, revision, _ in written)
            assert follower.tasks == copy.tasks
