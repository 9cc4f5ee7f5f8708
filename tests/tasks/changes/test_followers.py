"""Followers of a live feed: whatever breaks off, they skip nothing and repeat nothing."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)
from tools.events import STREAM, blocks
from tools.waiting import THREADS
from werkzeug.test import TestResponse

from tasks_api.tasks.changes import live

FOLLOWERS = st.integers(0, 2)
LIMITS = st.integers(1, 4)
WHICH = st.integers(0, 20)


class Follower:
    """Keeps a copy by whatever it is told, each change once."""

    def __init__(self) -> None:
        self.next = "0"
        self.tasks: dict[str, Any] = {}
        # The revisions since its copy began.
        self.revisions: list[int] = []
        self.stream: TestResponse | None = None
        self.blocks: Iterator[Any] = iter(())

    def take(self, page: dict[str, Any]) -> None:
        assert len(page["changes"]) <= 4
        for change in page["changes"]:
            # Nothing comes twice, and nothing out of order.
            assert change["revision"] > max(self.revisions, default=0)
            self.revisions.append(change["revision"])
            self.tasks.pop(change["id"], None)
            if not change.get("deleted"):
                self.tasks[change["id"]] = change
        self.next = page["next"]

    def start_again(self) -> None:
        self.next = "0"
        self.tasks.clear()
        self.revisions.clear()

    def cut(self) -> None:
        if self.stream:
            self.stream.close()
        self.stream, self.blocks = None, iter(())


class Followers(RuleBasedStateMachine):
    """Writes of a user, and three followers that wait, stream, and lose their connections."""

    app: Flask

    @initialize()
    def begin(self) -> None:
        self.client = self.app.test_client()
        self.base = f"/api/{uuid4()}"
        self.ids: list[str] = []
        self.followers = [Follower() for _ in range(3)]

    def write(self, method: str, path: str, json: Any = None) -> Any:
        answer = self.client.open(f"{self.base}{path}", method=method, json=json)
        assert answer.status_code in {200, 201, 204, 404, 409}
        return answer.json

    def one(self, which: int) -> str:
        return f"/tasks/{self.ids[which % len(self.ids)] if self.ids else uuid4()}"

    @rule(number=st.integers(1, 5))
    def create(self, number: int) -> None:
        # No more than a list has on a page.
        if len(self.ids) < 95:
            tasks = self.write("POST", "/tasks/batch", [{"title": "x"}] * number)
            self.ids += [task["id"] for task in tasks]

    @rule(which=WHICH, completed=st.booleans())
    def change(self, which: int, completed: bool) -> None:
        self.write("PUT", self.one(which), {"completed": completed})

    @rule(which=WHICH)
    def delete(self, which: int) -> None:
        self.write("DELETE", self.one(which))

    @rule(which=WHICH)
    def restore(self, which: int) -> None:
        self.write("POST", f"{self.one(which)}/restore")

    @rule()
    def clear(self) -> None:
        self.write("DELETE", "/tasks?completed=true")

    @rule(dice=st.integers(0, 3))
    def erase(self, dice: int) -> None:
        if not dice:
            self.write("DELETE", "")

    @rule(dice=st.integers(0, 3))
    def purge(self, dice: int) -> None:
        if not dice:
            self.app.test_cli_runner().invoke(args=["tasks", "purge", "--days", "0"])

    @rule(who=FOLLOWERS, limit=LIMITS)
    def poll(self, who: int, limit: int) -> None:
        """Ask once, where nothing is streamed."""
        follower = self.followers[who]
        follower.cut()
        query = {"since": follower.next, "limit": limit}
        answer = self.client.get(f"{self.base}/changes", query_string=query)
        if answer.status_code == 410:
            follower.start_again()
        else:
            follower.take(answer.json)

    @rule(who=FOLLOWERS, limit=LIMITS)
    def connect(self, who: int, limit: int) -> None:
        """Open a stream where the last one broke off, as a browser does."""
        follower = self.followers[who]
        follower.cut()
        follower.stream = self.app.test_client().get(
            f"{self.base}/changes",
            query_string={"limit": limit},
            headers={**STREAM, "Last-Event-ID": follower.next},
            environ_overrides=THREADS,
        )
        assert follower.stream.status_code == 200
        follower.blocks = blocks(follower.stream.response)

    @rule(who=FOLLOWERS, number=st.integers(1, 4))
    def listen(self, who: int, number: int) -> None:
        """Take what comes next; the rest is lost where the stream is cut."""
        follower = self.followers[who]
        for _, block in zip(range(number), follower.blocks, strict=False):
            if block.name == "gone":
                follower.start_again()
                assert block.id == follower.next
            elif block.name == "changes":
                follower.take(block.data)
                assert block.id == follower.next

    def teardown(self) -> None:
        """Let all catch up: then each copy is the list."""
        if not hasattr(self, "followers"):
            return
        for follower in self.followers:
            follower.cut()
            self.catch_up(follower)
        listed = self.client.get(f"{self.base}/tasks?limit=100").json
        for follower in self.followers:
            assert follower.tasks == {task["id"]: task for task in listed}
        assert self.app.extensions["waits"].number == 0

    def catch_up(self, follower: Follower) -> None:
        more = True
        while more:
            answer = self.client.get(f"{self.base}/changes?limit=4&since={follower.next}")
            if answer.status_code == 410:
                follower.start_again()
                continue
            follower.take(answer.json)
            more = answer.json["has_more"]


@pytest.mark.hypothesis
def test_followers_skip_nothing_and_repeat_nothing(app, monkeypatch):
    monkeypatch.setattr(live, "COMMENT_SECONDS", 0.01)
    monkeypatch.setattr(live, "PACE", 0)
    monkeypatch.setattr(Followers, "app", app, raising=False)
    run_state_machine_as_test(
        Followers,
        settings=settings(
            max_examples=settings().max_examples // 5,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
