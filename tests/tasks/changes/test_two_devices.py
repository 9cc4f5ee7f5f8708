"""Two devices that work offline, beside a model: whatever happens in whatever order, all is equal.

The devices push what they have changed, and lose answers; others send single requests meanwhile.
The model decides each change by the rule of the contract, in Python.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tasks_api.database.execution import execute
from tasks_api.tasks.upkeep.purge import PURGE

Members = dict[str, Any]

DEFAULTS: Members = {
    "description": None,
    "completed": False,
    "due_at": None,
    "due_on": None,
    "priority": "none",
    "tags": [],
    "position": None,
}
MEMBERS = ("title", *DEFAULTS)
# So few values that devices meet; some are the same, said in another way.
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "title": st.sampled_from("ab"),
    "description": st.sampled_from([None, "", "a"]),
    "completed": st.booleans(),
    "due_at": st.sampled_from(
        [None, "2026-01-09T17:00:00Z", "2026-01-09T18:00:00.000+01:00", "2026-01-09T17:00:00.5Z"]
    ),
    "due_on": st.sampled_from([None, None, "2026-01-09"]),
    "position": st.sampled_from([None, "a0", "A0"]),
    "priority": st.sampled_from(["none", "high"]),
    "tags": st.sampled_from([[], ["a", "b"], ["b", "a"]]),
}
SOME = st.fixed_dictionaries({}, optional=VALUES)
DEVICES = st.integers(0, 1)
WHICH = st.integers(0, 20)
# What a push may do to a task, whether a device would or not.
DELETED = st.sampled_from([None, None, True, False])


def moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def meaning(members: Members) -> Members:
    """Return what members mean: a moment, however it is written."""
    if "due_at" not in members:
        return dict(members)
    return {**members, "due_at": moment(members["due_at"])}


def is_due_twice(task: Members) -> bool:
    return bool(task.get("due_at") and task.get("due_on"))


@dataclass
class Model:
    """The tasks of the user by their ids, and which of them are in the trash."""

    tasks: dict[str, Members] = field(default_factory=dict)
    trash: set[str] = field(default_factory=set)

    def merge(self, change: Members) -> int:
        """Do what the contract says of a change in a push; return its status."""
        id_, new = change["id"], change.get("was", ...) is None
        given = meaning(change.get("set", {}))
        was = given if new else meaning(change.get("was", {}))
        deleted = change.get("deleted")
        task = self.tasks.get(id_, {})
        is_refused = is_due_twice(given)
        if not new:
            given = {name: to for name, to in given.items() if was.get(name, ...) != to}
        is_in_the_way = {
            422: is_refused,
            404: not task and not new,
            410: id_ in self.trash and deleted is None,
            409: any(
                task[name] not in (value, was.get(name, task[name]))
                for name, value in given.items()
                if task
            ),
        }
        for status, reason in is_in_the_way.items():
            if reason:
                return status
        merged = DEFAULTS | task | given
        if is_due_twice(merged):
            return 422
        self.tasks[id_] = merged
        self.move(id_, deleted)
        return 200 if task else 201

    def move(self, id_: str, deleted: bool | None) -> None:
        if deleted:
            self.trash.add(id_)
        elif deleted is False:
            self.trash.discard(id_)


@dataclass
class Device:
    """A copy of the tasks by the feed, and what was changed since, by the tasks' ids."""

    next: str = "0"
    copy: dict[str, Members] = field(default_factory=dict)
    outbox: dict[str, Members] = field(default_factory=dict)

    def sees(self, id_: str) -> Members | None:
        """Return a task as the device's user sees it."""
        change = self.outbox.get(id_, {})
        if change.get("deleted") or (id_ not in self.copy and change.get("was", ...) is not None):
            return None
        return {**DEFAULTS, **self.copy.get(id_, {}), **change.get("set", {})}

    def change(self, id_: str, given: Members) -> None:
        """Change a task offline: keep what it was at first, and what it is now."""
        change = self.outbox.setdefault(id_, {"id": id_, "was": {}, "set": {}})
        if change["was"] is not None:
            for name in given:
                change["was"].setdefault(name, self.copy[id_][name])
        change["set"] |= given

    def take(self, result: Members) -> None:
        """Take over the result of a change: what is on the server is right from now on."""
        del self.outbox[result["id"]]
        if "task" in result:
            self.copy[result["id"]] = result["task"]
        else:
            self.copy.pop(result["id"], None)


class Machine(RuleBasedStateMachine):
    """Does things on two devices and by single requests, and to the model alike."""

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self.app = app
        self.client = app.test_client()
        self.user = str(uuid4())
        self.where, self.path = f"/api/{self.user}/changes", f"/api/{self.user}/tasks"
        self.model = Model()
        self.devices = [Device(), Device()]
        # All ids that there have ever been.
        self.ids: list[str] = []
        self.last_push: list[Members] = []

    def revision(self) -> str:
        return self.client.get(self.path, query_string={"limit": 1}).headers["ETag"]

    def any_id(self, which: int) -> str:
        return self.ids[which % len(self.ids)] if self.ids else str(uuid4())

    def listed(self, **query: str) -> Iterator[tuple[str, Members]]:
        for task in self.client.get(self.path, query_string={"limit": 100, **query}).json:
            yield task["id"], meaning({name: task[name] for name in MEMBERS})

    @initialize()
    def begin_with_some(self) -> None:
        for title in "aab":
            self.ids.append(str(uuid4()))
            self.post(len(self.ids) - 1, title)
        for number in range(2):
            self.pull(number, 3)

    # What is done on a device, offline.

    @rule(number=DEVICES, title=VALUES["title"], given=SOME)
    def create(self, number: int, title: str, given: Members) -> None:
        id_ = str(uuid4())
        self.ids.append(id_)
        change = {"id": id_, "was": None, "set": {**given, "title": title}}
        self.devices[number].outbox[id_] = change

    @rule(number=DEVICES, which=WHICH, given=SOME)
    def change(self, number: int, which: int, given: Members) -> None:
        device, id_ = self.devices[number], self.any_id(which)
        if device.sees(id_) is not None:
            device.change(id_, given)

    @rule(number=DEVICES, which=WHICH)
    def delete(self, number: int, which: int) -> None:
        device, id_ = self.devices[number], self.any_id(which)
        if device.sees(id_) is not None:
            device.change(id_, {})
            device.outbox[id_]["deleted"] = True

    @rule(number=DEVICES, which=WHICH)
    def regret(self, number: int, which: int) -> None:
        """Take a deletion back, which may have been sent already."""
        change = self.devices[number].outbox.get(self.any_id(which), {})
        if "deleted" in change:
            change["deleted"] = False

    # What goes over the wire.

    def send(self, changes: list[Members]) -> list[Members]:
        """Push changes, and see that each has the result that the model says."""
        answer = self.client.post(self.where, json={"changes": changes})
        assert answer.status_code == 200, answer.text
        results = answer.json["results"]
        for change, result in zip(changes, results, strict=True):
            assert (result["id"], result["status"]) == (change["id"], self.model.merge(change))
            assert ("errors" in result) == (result["status"] >= 400)
            self.check_state(result)
        return list(results)

    def check_state(self, result: Members) -> None:
        """See that a result has the task as it is now."""
        id_ = result["id"]
        assert ("tombstone" in result) == (id_ in self.model.trash)
        if "task" in result:
            task = {name: result["task"][name] for name in MEMBERS}
            assert meaning(task) == self.model.tasks[id_]
        else:
            assert id_ in self.model.trash or id_ not in self.model.tasks

    @rule(number=DEVICES, most=st.integers(1, 4), lost=st.booleans())
    def push(self, number: int, most: int, lost: bool) -> None:
        device = self.devices[number]
        changes = list(device.outbox.values())[:most]
        if not changes:
            return
        results = self.send(changes)
        self.last_push = deepcopy(changes)
        if not lost:
            for result in results:
                device.take(result)

    @rule(number=DEVICES)
    def push_twice(self, number: int) -> None:
        changes = list(self.devices[number].outbox.values())
        if not changes:
            return
        first = self.send(changes)
        before = self.revision()
        again = self.send(changes)
        assert again == [{**r, "status": 200 if r["status"] == 201 else r["status"]} for r in first]
        assert self.revision() == before

    @rule()
    def push_arrives_late(self) -> None:
        """A router sends again what a device has sent some time ago."""
        if self.last_push:
            self.send(self.last_push)

    @rule(which=WHICH, given=SOME, was=st.none() | SOME, deleted=DELETED, blind=st.booleans())
    def push_of_another_kind(
        self, which: int, given: Members, was: Members | None, deleted: bool | None, blind: bool
    ) -> None:
        """Push what an app of other habits might push."""
        change: Members = {"id": self.any_id(which), "set": given}
        if was is None and "title" not in given:
            return
        if not blind:
            change["was"] = was
        if deleted is not None:
            change["deleted"] = deleted
        self.send([change])

    @rule(which=WHICH, given=SOME)
    def put(self, which: int, given: Members) -> None:
        id_ = self.any_id(which)
        answer = self.client.put(f"{self.path}/{id_}", json=given)
        there = id_ in self.model.tasks and id_ not in self.model.trash
        task = self.model.tasks.get(id_, {})
        refused = is_due_twice(task | meaning(given))
        assert answer.status_code == (404 if not there else 422 if refused else 200)
        if there and not refused:
            task |= meaning(given)

    @rule(which=WHICH, title=VALUES["title"])
    def post(self, which: int, title: str) -> None:
        """Create a task under an id that may be on its way from a device as well."""
        id_ = self.any_id(which)
        answer = self.client.post(self.path, json={"id": id_, "title": title})
        if id_ in self.model.trash:
            assert answer.status_code == 410
        elif id_ in self.model.tasks:
            assert answer.status_code == 200
        else:
            assert answer.status_code == 201
            self.model.tasks[id_] = {**DEFAULTS, "title": title}

    @rule(which=WHICH)
    def bin(self, which: int) -> None:
        id_ = self.any_id(which)
        if self.client.delete(f"{self.path}/{id_}").status_code == 204:
            assert id_ not in self.model.trash
            self.model.trash.add(id_)

    @rule(which=WHICH)
    def restore(self, which: int) -> None:
        id_ = self.any_id(which)
        if self.client.post(f"{self.path}/{id_}/restore").status_code == 200:
            self.model.trash.remove(id_)

    @rule()
    def purge(self) -> None:
        with self.app.app_context():
            execute(PURGE, user_id=self.user, age=timedelta(0))
        for id_ in self.model.trash:
            del self.model.tasks[id_]
        self.model.trash.clear()

    @rule(number=DEVICES, limit=st.integers(1, 3))
    def pull(self, number: int, limit: int) -> None:
        device, more = self.devices[number], True
        while more:
            query = {"since": device.next, "limit": limit}
            answer = self.client.get(self.where, query_string=query)
            if answer.status_code == 410:
                device.next, device.copy = "0", {}
                continue
            for change in answer.json["changes"]:
                if change.get("deleted"):
                    device.copy.pop(change["id"], None)
                else:
                    device.copy[change["id"]] = change
            device.next, more = answer.json["next"], answer.json["has_more"]
        self.forget_what_is_gone(device)

    def forget_what_is_gone(self, device: Device) -> None:
        """What is no longer in the copy can't be changed; what is new may be."""
        for id_, change in list(device.outbox.items()):
            if change["was"] is not None and id_ not in device.copy and "deleted" not in change:
                del device.outbox[id_]

    # What is always so.

    @invariant()
    def service_has_what_the_model_has(self) -> None:
        trash = dict(self.listed(deleted="true"))
        assert trash.keys() == self.model.trash
        assert dict(self.listed()) | trash == self.model.tasks

    def teardown(self) -> None:
        """Once everything is sent and read, both devices have what the service has."""
        for number, device in enumerate(self.devices):
            while device.outbox:
                self.push(number, 4, lost=False)
        for number in range(2):
            self.pull(number, 3)
        tasks = {task["id"]: task for task in self.client.get(self.path).json}
        assert tasks.keys() == self.model.tasks.keys() - self.model.trash
        for device in self.devices:
            assert device.copy == tasks


# Others see that all lines are run; being counted makes this one take twice as long.
@pytest.mark.no_cover
@pytest.mark.hypothesis
def test_devices_end_with_what_the_service_has_whatever_is_done_in_whatever_order(app):
    run_state_machine_as_test(
        lambda: Machine(app),
        settings=settings(
            max_examples=settings().max_examples // 4,
            stateful_step_count=40,
            derandomize=True,
            deadline=None,
            # A failure is told as it was found: to make it shorter takes minutes.
            phases=[Phase.generate],
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
