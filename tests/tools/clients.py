"""Clients that send one request after the other, and record what they were answered."""

import time
from collections.abc import Iterator, Sequence
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import requests

from tools.events import STREAM, Event, events
from tools.task_history import Kind, Operation

if TYPE_CHECKING:
    from tools.load import Load

# Seconds without an answer that count as never: far more than any answer takes.
NEVER = 60
# A service that has recovered doesn't answer this many requests of one client with a 503.
TROUBLES_MAX = 50
TASKS_MAX = 50
RIGHT = {200, 201, 204, 404, 409, 412}
REQUESTS: dict[Kind, tuple[str, str]] = {
    "put": ("PUT", ""),
    "toggle": ("PATCH", "/complete"),
    "set": ("PATCH", "/complete"),
    "delete": ("DELETE", ""),
    "restore": ("POST", "/restore"),
    "get": ("GET", ""),
}
# How often a client does what; most of it changes tasks that others change too.
WEIGHTS = {"put": 4, "toggle": 4, "set": 2, "push": 4, "delete": 1, "restore": 2, "get": 2}
WEIGHTS |= {"list": 1}


class Participant:
    """One that sends requests of its own kind, of which it knows what the answers must be like."""

    def __init__(self, load: "Load") -> None:
        self.load = load
        self.session = requests.Session()
        self.answers = 0
        self.troubles = 0
        self.waits = False

    def send(self, method: str, path: str, **options: Any) -> requests.Response | None:
        """Return the answer, or None if it doesn't say whether the request was done."""
        try:
            answer = self.session.request(method, self.load.url + path, timeout=NEVER, **options)
        except self.load.lost:
            return self._wait_for_better_times()
        if answer.status_code == 503:
            assert (answer.headers["Retry-After"], answer.json()["status"]) == ("1", 503)
            return self._wait_for_better_times()
        assert answer.status_code in RIGHT, answer.text
        self.is_answered()
        return answer

    def is_answered(self) -> None:
        with self.load.changed:
            self.answers += 1
            self.load.changed.notify_all()

    def _wait_for_better_times(self) -> None:
        self.troubles += 1
        assert self.troubles < TROUBLES_MAX
        with self.load.changed:
            self.waits = True
            self.load.changed.notify_all()
            self.load.changed.wait_for(lambda: not self.load.is_out)
            self.waits = False


class Client(Participant):
    """One that creates, changes and reads tasks at random."""

    def __init__(self, load: "Load", number: int) -> None:
        super().__init__(load)
        self.random = Random(number)
        # The tasks as it has been answered last.
        self.known: dict[str, Any] = {}

    def act(self) -> None:
        if len(self.load.ids) < TASKS_MAX and self.random.random() < 0.1:
            self.create()
        [kind] = self.random.choices([*WEIGHTS], WEIGHTS.values())
        if kind == "list":
            self.list()
        elif kind == "push":
            self.push(self.load.ids[-3:])
        else:
            # The last ones, so that several clients meet at one.
            self.change(kind, self.random.choice(self.load.ids[-3:]))

    def create(self) -> None:
        """Create a task, and repeat it until it is answered: by its key, or by an id of its own."""
        title = str(uuid4())
        sent, answer = time.monotonic(), None
        if self.random.random() < 0.5:
            while answer is None:
                answer = self.send(
                    *("POST", "/tasks"), json={"title": title}, headers={"Idempotency-Key": title}
                )
            task = answer.json()
        else:
            change = {"id": title, "was": None, "set": {"title": title}}
            while answer is None:
                answer = self.send("POST", "/changes", json={"changes": [change]})
            task = answer.json()["results"][0]["task"]
        self.record(task["id"], Operation("create", sent, value=title), 201, task)
        self.load.ids.append(task["id"])

    def push(self, ids: Sequence[str]) -> None:
        """Set other titles, where they are still as it knows them; repeat it if it was lost."""
        changes = [
            {
                "id": id_,
                "was": {"title": self.known[id_]["title"]},
                "set": {"title": str(uuid4())},
            }
            for id_ in ids
            if id_ in self.known
        ]
        results = None
        while changes and results is None:
            sent = time.monotonic()
            answer = self.send("POST", "/changes", json={"changes": changes})
            if answer is not None:
                results = answer.json()["results"]
            for number, change in enumerate(changes):
                result = results[number] if results else {"status": 503}
                # With a 503, nobody knows.
                status = None if result["status"] == 503 else result["status"]
                value = change["was"]["title"], change["set"]["title"]
                operation = Operation("push", sent, value=value)
                self.record(change["id"], operation, status, result.get("task"))

    def change(self, kind: Kind, task: str) -> None:
        """Change or read a task, and don't repeat it."""
        value, body, expected = None, None, None
        if kind == "put":
            value = str(uuid4())
            body = {"title": value}
        elif kind == "set":
            value = self.random.random() < 0.5
            body = {"completed": value}
        if kind not in {"get", "restore"} and self.random.random() < 0.4:
            expected = self.known.get(task, {}).get("revision")
        method, path = REQUESTS[kind]
        operation = Operation(kind, time.monotonic(), value=value, expected=expected)
        answer = self.send(
            *(method, f"/tasks/{task}{path}"),
            json=body,
            headers={"If-Match": f'"{expected}"'} if expected else {},
        )
        if answer is None:
            self.record(task, operation, None, None)
        else:
            found = answer.json() if answer.status_code == 200 else None
            self.record(task, operation, answer.status_code, found)

    def list(self) -> None:
        """List all tasks: a read of each of them at one moment."""
        read, ids = Operation("get", time.monotonic()), [*self.load.ids]
        answer = self.send("GET", "/tasks?limit=100")
        if answer is not None:
            tasks = {task["id"]: task for task in answer.json()}
            for task in tasks.keys() | ids:
                self.load.record(task, read.answer(200 if task in tasks else 404, tasks.get(task)))

    def record(self, id_: str, operation: Operation, status: int | None, task: Any) -> None:
        """Record an operation with the task in its answer; without a status, it has none."""
        if status is not None:
            operation = operation.answer(status, task)
        if task:
            self.known[id_] = task
        self.load.record(id_, operation)


class Follower(Participant):
    """One that keeps a copy of the tasks by the feed, which it asks for page after page."""

    # How long a request waits for a change.
    seconds = 0

    def __init__(self, load: "Load") -> None:
        super().__init__(load)
        self.next, self.has_more = "0", True
        self.tasks: dict[str, Any] = {}
        # The revisions of all that it has seen, and the last of each task.
        self.revisions: list[int] = []
        self.last: dict[str, int] = {}

    def act(self) -> None:
        self.ask(self.seconds)

    def ask(self, seconds: int = 0) -> None:
        """Take over one page."""
        query = {"since": self.next, "limit": 3, "wait": seconds}
        answer = self.send("GET", "/changes", params=query)
        if answer is not None:
            self.take(answer.json())

    def take(self, page: dict[str, Any]) -> None:
        self.next, self.has_more = page["next"], page["has_more"]
        for change in page["changes"]:
            self.revisions.append(change["revision"])
            self.last[change["id"]] = change["revision"]
            self.tasks.pop(change["id"], None)
            if not change.get("deleted"):
                self.tasks[change["id"]] = change

    def catch_up(self) -> None:
        """Take over all pages that there are now."""
        self.has_more = True
        while self.has_more:
            self.ask()


class Waiter(Follower):
    """One whose requests wait for a change."""

    seconds = 2

    def act(self) -> None:
        # A request that waits all the while hears nothing of an outage.
        self.waits = True
        super().act()
        self.waits = False


class Listener(Follower):
    """One that listens to a stream, and goes on by another where that broke off or it hung up."""

    def __init__(self, load: "Load") -> None:
        super().__init__(load)
        self.random = Random(0)
        self.stream: requests.Response | None = None
        self.events: Iterator[Event] = iter(())

    def act(self) -> None:
        """Take over what comes next."""
        if self.stream is None:
            self.connect()
            return
        try:
            # It hears nothing of an outage.
            self.waits = True
            event = next(self.events)
        except self.load.lost:
            self.hang_up()
            return
        finally:
            self.waits = False
        assert event.name == "changes"
        self.take(event.data)
        assert event.id == self.next
        self.is_answered()
        if self.random.random() < 0.2:
            self.hang_up()

    def connect(self) -> None:
        headers = {**STREAM, "Last-Event-ID": self.next}
        self.stream = self.send(
            "GET", "/changes", params={"limit": 3}, headers=headers, stream=True
        )
        if self.stream is not None:
            self.events = events(self.stream.iter_content(None))

    def hang_up(self) -> None:
        if self.stream is not None:
            self.stream.close()
        self.stream = None
