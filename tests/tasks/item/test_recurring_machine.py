"""Whatever is done to tasks that recur, each that was completed has left one next."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from tools.racing import race

DAILY = {"title": "x", "due_on": "2026-01-09", "recurrence": "FREQ=DAILY"}
COUNTED = {**DAILY, "recurrence": "FREQ=WEEKLY;COUNT=2"}
DONE = {"completed": True}
NEW = st.builds(dict, st.sampled_from([DAILY, COUNTED]), completed=st.booleans())
WHICH = st.integers(0, 100)


def next_id(task_id: str) -> str:
    return str(uuid5(UUID(task_id), "next"))


@dataclass
class Task:
    """What is known of a task."""

    recurrence: str
    completed: bool = False
    deleted: bool = False
    next_task_id: str | None = None


class Machine(RuleBasedStateMachine):
    """A user whose tasks all recur."""

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self.app = app
        self.user = f"/api/{uuid4()}"
        self.tasks: dict[str, Task] = {}

    def ask(self, method: str, path: str, **options: Any) -> Any:
        client = self.app.test_client()
        return client.open(self.user + path, method=method, **options)

    def push(self, task_id: str, **change: Any) -> Any:
        answer = self.ask("POST", "/changes", json={"changes": [{"id": task_id, **change}]})
        [result] = answer.json["results"]
        return result

    # The ways to complete a task, by a revision that it has had.

    def by_put(self, task_id: str, _revision: int) -> None:
        body = {**DONE, "priority": "high"}
        assert self.ask("PUT", f"/tasks/{task_id}", json=body).status_code == 200

    def by_setting(self, task_id: str, _revision: int) -> None:
        assert self.ask("PATCH", f"/tasks/{task_id}/complete", json=DONE).status_code == 200

    def by_patch_if_match(self, task_id: str, revision: int) -> None:
        headers = {"If-Match": f'"{revision}"'}
        answer = self.ask("PATCH", f"/tasks/{task_id}", json=DONE, headers=headers)
        assert answer.status_code in {200, 412}

    def by_push(self, task_id: str, _revision: int) -> None:
        assert self.push(task_id, set=DONE)["status"] == 200

    def by_merge(self, task_id: str, _revision: int) -> None:
        change = {"was": {"completed": False, "title": "x"}, "set": {**DONE, "title": "x"}}
        assert self.push(task_id, **change)["status"] == 200

    def known(self, task_id: str, given: dict[str, Any]) -> None:
        self.tasks.setdefault(task_id, Task(given["recurrence"]))
        if given["completed"]:
            self.completed(task_id)

    def completed(self, task_id: str) -> None:
        task = self.tasks[task_id]
        task.completed = True
        if task.next_task_id is None and "COUNT=1" not in task.recurrence:
            task.next_task_id = next_id(task_id)
            recurrence = task.recurrence.replace("COUNT=2", "COUNT=1")
            self.tasks.setdefault(task.next_task_id, Task(recurrence))

    def pick(self, which: int, *, deleted: bool = False) -> str | None:
        found = [task_id for task_id, task in self.tasks.items() if task.deleted == deleted]
        return found[which % len(found)] if found else None

    @rule(given=NEW, number=st.integers(1, 3))
    def create_with_a_key(self, given, number):
        headers = {"Idempotency-Key": str(uuid4())}
        answers = race(number, lambda _: self.ask("POST", "/tasks", json=given, headers=headers))
        assert {answer.status_code for answer in answers} == {201}
        [task_id] = {answer.json["id"] for answer in answers}
        self.known(task_id, given)

    @rule(given=st.lists(NEW, min_size=1, max_size=3), twice=st.booleans())
    def create_a_batch(self, given, twice):
        batch = [{**each, "id": str(uuid4())} for each in given]
        for status in (201, 200)[: 1 + twice]:
            assert self.ask("POST", "/tasks/batch", json=batch).status_code == status
        for each in batch:
            self.known(each["id"], each)

    @rule(given=NEW, number=st.integers(1, 3))
    def push_new(self, given, number):
        task_id = str(uuid4())
        results = race(number, lambda _: self.push(task_id, was=None, set=given))
        assert sorted(result["status"] for result in results) == [200] * (number - 1) + [201]
        self.known(task_id, given)

    @rule(which=WHICH)
    def make_the_next_offline(self, which):
        """As a device does that has completed a task, and can't tell yet."""
        task_id = self.pick(which)
        if task_id and next_id(task_id) not in self.tasks:
            given = {**DAILY, "completed": False}
            assert self.push(next_id(task_id), was=None, set=given)["status"] == 201
            self.known(next_id(task_id), given)

    @rule(
        which=WHICH, way=st.sampled_from([by_put, by_setting, by_patch_if_match, by_push, by_merge])
    )
    def complete(self, which, way):
        task_id = self.pick(which)
        if task_id is None:
            return
        before, known = self.ask("GET", f"/tasks/{task_id}").json, set(self.tasks)
        way(self, task_id, before["revision"])
        self.completed(task_id)
        feed = self.ask("GET", f"/changes?since={before['revision']}").json["changes"]
        changed = [change["id"] for change in feed if change["revision"] > self.revision]
        if not before["completed"]:
            # The task, and then the next one that this has made.
            assert changed == [task_id, *(each for each in self.tasks if each not in known)]

    @rule(
        which=WHICH,
        ways=st.lists(
            st.sampled_from([by_put, by_setting, by_patch_if_match, by_push, by_merge]),
            min_size=2,
            max_size=5,
        ),
    )
    def complete_at_once(self, which, ways):
        task_id = self.pick(which)
        if task_id is not None:
            revision = self.ask("GET", f"/tasks/{task_id}").json["revision"]
            race(len(ways), lambda number: ways[number](self, task_id, revision))
            self.completed(task_id)

    @rule(which=WHICH, number=st.integers(1, 4))
    def flip_at_once(self, which, number):
        task_id = self.pick(which)
        if task_id is not None:
            answers = race(number, lambda _: self.ask("PATCH", f"/tasks/{task_id}/complete"))
            assert [answer.status_code for answer in answers] == [200] * number
            was = self.tasks[task_id].completed
            if number > 1 or not was:
                self.completed(task_id)
            self.tasks[task_id].completed = was ^ (number % 2 == 1)

    @rule(which=WHICH)
    def reopen(self, which):
        if task_id := self.pick(which):
            answer = self.ask("PUT", f"/tasks/{task_id}", json={"completed": False})
            assert answer.status_code == 200
            self.tasks[task_id].completed = False

    @rule(which=WHICH, completed=st.booleans())
    def delete(self, which, completed):
        if task_id := self.pick(which):
            if completed:
                assert self.push(task_id, set=DONE, deleted=True)["status"] == 200
                self.completed(task_id)
            else:
                assert self.ask("DELETE", f"/tasks/{task_id}").status_code == 204
            self.tasks[task_id].deleted = True

    @rule(which=WHICH, completed=st.booleans())
    def restore(self, which, completed):
        if task_id := self.pick(which, deleted=True):
            if completed:
                assert self.push(task_id, set=DONE, deleted=False)["status"] == 200
                self.completed(task_id)
            else:
                assert self.ask("POST", f"/tasks/{task_id}/restore").status_code == 200
            self.tasks[task_id].deleted = False

    @invariant()
    def tasks_are_those_that_are_known(self):
        """Not one more: so no completion has made two next tasks."""
        found, since, more = {}, "0", True
        while more:
            page = self.ask("GET", f"/changes?since={since}").json
            found |= {change["id"]: change for change in page["changes"]}
            since, more = page["next"], page["has_more"]
        self.revision = page["revision"]
        live = {task_id: task for task_id, task in self.tasks.items() if not task.deleted}
        assert {
            task_id: (task["completed"], task["next_task_id"], task["recurrence"])
            for task_id, task in found.items()
        } == {
            task_id: (task.completed, task.next_task_id, task.recurrence)
            for task_id, task in live.items()
        }
        trash = self.ask("GET", "/tasks?deleted=true&limit=100").json
        assert {task["id"] for task in trash} == self.tasks.keys() - live


@pytest.mark.no_cover
def test_each_task_that_was_completed_has_left_one_next(app):
    run_state_machine_as_test(
        lambda: Machine(app),
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            derandomize=True,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
