"""The whole service beside a plain dictionary: whatever is done in whatever order, they agree."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4, uuid5
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from werkzeug.test import TestResponse

from tasks_api.tasks.folding import fold
from tasks_api.tasks.preconditions import entity_tag

Task = dict[str, Any]

PRIORITIES = ["none", "low", "medium", "high"]
SORTS = ["created_at", "updated_at", "due_at", "priority", "title", "position"]
DEFAULTS: Task = {
    "description": None,
    "completed": False,
    "due_at": None,
    "due_on": None,
    "time_zone": None,
    "recurrence": None,
    "next_task_id": None,
    "priority": "none",
    "tags": [],
    "position": None,
}
EARLIEST = datetime.min.replace(tzinfo=UTC)
NEXT = re.compile(r'<([^>]+)>; rel="next"')

# What searching, sorting and escaping could stumble over; few characters, so that they meet.
LETTERS = "aAäÄßΣσİı%_\\'\n 😀"  # noqa: RUF001
AWKWARD = st.text(st.sampled_from(LETTERS), min_size=1, max_size=4)
ANYTHING = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
TITLES = (AWKWARD | ANYTHING).filter(lambda text: text and not text.isspace())
TAGS = st.lists(AWKWARD, max_size=3, unique=True)
# Room for an offset at either end.
MOMENTS_FROM, MOMENTS_TO = datetime(2, 1, 1), datetime(9998, 12, 31)  # noqa: DTZ001
MOMENTS = st.datetimes(
    MOMENTS_FROM,
    MOMENTS_TO,
    timezones=st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
DAYS = st.dates(MOMENTS_FROM.date(), MOMENTS_TO.date())
OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    "description": st.none() | AWKWARD | ANYTHING,
    "completed": st.booleans(),
    "priority": st.sampled_from(PRIORITIES),
    "tags": TAGS,
    "position": st.none() | st.text("09AZaz", min_size=1, max_size=3),
    "time_zone": st.sampled_from([None, "Asia/Tokyo", "Pacific/Honolulu"]),
}
RULES = st.sampled_from(
    [None, "FREQ=DAILY", "FREQ=WEEKLY;COUNT=2", "FREQ=DAILY;INTERVAL=3", "FREQ=DAILY;COUNT=1"]
)
# What goes together: a moment, or a day, or neither and then no recurrence.
DUES = st.one_of(
    st.just({}),
    st.just({"due_at": None, "due_on": None, "recurrence": None}),
    st.builds(
        lambda due, rule: {"due_at": due.isoformat(), "due_on": None, "recurrence": rule},
        MOMENTS,
        RULES,
    ),
    st.builds(
        lambda due, rule: {"due_at": None, "due_on": due.isoformat(), "recurrence": rule},
        DAYS,
        RULES,
    ),
)


def with_due(tasks: st.SearchStrategy[Task]) -> st.SearchStrategy[Task]:
    return st.builds(lambda task, due: task | due, tasks, DUES)


NEW_TASKS = with_due(st.fixed_dictionaries({"title": TITLES}, optional=OPTIONAL))
CHANGES = with_due(st.fixed_dictionaries({}, optional={"title": TITLES, **OPTIONAL}))
# So few keys and bodies that they are repeated.
KEYS = st.sampled_from(["a", "~" * 255])
ASKED = st.sampled_from(
    [
        {"title": "once"},
        {"title": "once", "completed": True},
        {"title": "a", "completed": True, "due_on": "2026-01-01", "recurrence": "FREQ=DAILY"},
        [{"title": "once"}],
        [{"title": "twice"}, {"title": "thrice", "tags": ["a"]}],
    ]
)
CONDITIONS = st.sampled_from(
    ["none", "current", "any", "one of", "revision", "older release", "stale", "weak", "foreign"]
)
USERS = st.integers(0, 2)
# Ids that clients choose: so few that they meet, also those of several users.
CHOSEN = st.integers(0, 2)
WHICH = st.integers(0, 50)
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "completed": st.sampled_from(["true", "false"]),
        "priority": st.sampled_from(PRIORITIES),
        "tag": AWKWARD,
        "q": AWKWARD,
        "due_before": MOMENTS.map(datetime.isoformat),
        "due_after": MOMENTS.map(datetime.isoformat),
    },
)

SEARCHES = st.sampled_from(["\\", "%", "_", "\\%", "i", "Σ", "a"])


@dataclass
class Model:
    """What a user has, as one would tell it."""

    live: dict[str, Task] = field(default_factory=dict)
    trash: dict[str, Task] = field(default_factory=dict)
    # As it was when it was last compared.
    seen_trash: dict[str, Task] | None = None
    # By Idempotency-Key: what was asked for, and what it made.
    keys: dict[str, tuple[Any, list[str]]] = field(default_factory=dict)
    # What clients who once read the feed have kept: their token, and their copy as of then.
    followers: list[tuple[int, dict[str, Task]]] = field(default_factory=lambda: [(0, {})])
    revision: int = 0
    erased_at: int = 0
    used: set[int] = field(default_factory=set)
    time: datetime = EARLIEST


class Client(FlaskClient):
    """Knows the users that it has written to, or tried to."""

    touched: str | None = None

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        answer = super().open(*args, **kwargs)
        if answer.request.method != "GET":
            self.touched = answer.request.path.split("/")[2]
        return answer


class Machine(RuleBasedStateMachine):
    """Does things to three users, through the service and to the model alike."""

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self.client = Client(app, app.response_class)
        self.users = [str(uuid4()) for _ in range(3)]
        self.models = {user: Model() for user in self.users}
        self.ids = [str(uuid4()) for _ in range(3)]

    # What the rules share.

    def at(self, number: int) -> tuple[str, Model, str]:
        """Return a user, their model, and where their tasks are."""
        user = self.users[number]
        return user, self.models[user], f"/api/{user}/tasks"

    def written(self, model: Model, before: Task, after: Task, **changes: Any) -> None:
        """See that a write has changed what it should and nothing else, and take it over."""
        changes = normal(changes)
        self.take_revision(model, after["revision"])
        now = moment(after["updated_at"])
        assert now >= model.time
        model.time = now
        task = {**before, **changes}
        since = before["completed_at"] if before["completed"] else after["updated_at"]
        becomes_completed = task["completed"] and not before["completed"]
        following = None
        if becomes_completed and task["recurrence"] and not task["next_task_id"]:
            following = next_of(task, now)
        assert after == {
            **task,
            "revision": after["revision"],
            "updated_at": after["updated_at"],
            "completed_at": since if task["completed"] else None,
            "next_task_id": following["id"] if following else task["next_task_id"],
        }
        if following and following["id"] not in model.live | model.trash:
            self.followed(model, after, following)

    def followed(self, model: Model, completed: Task, expected: Task) -> None:
        """See that a task that recurs has left the next one, and take that over."""
        following = self.client.get(f"/api/{completed['user_id']}/tasks/{expected['id']}").json
        self.take_revision(model, following["revision"])
        assert following == {
            **expected,
            "revision": following["revision"],
            "created_at": completed["updated_at"],
            "updated_at": completed["updated_at"],
        }
        model.live[following["id"]] = following

    def take_revision(self, model: Model, revision: int) -> None:
        assert revision > model.revision
        assert revision not in model.used
        model.used.add(revision)
        model.revision = revision

    def created(self, model: Model, user: str, task: Task, given: Task) -> None:
        """See that a task is as it was asked for, and take it over."""
        assert task["id"] not in model.live | model.trash
        assert task["created_at"] == task["updated_at"]
        new = {
            "id": task["id"],
            "user_id": user,
            "created_at": task["created_at"],
            "completed_at": None,
        }
        self.written(model, {**DEFAULTS, **new, "title": None}, task, **given)
        model.live[task["id"]] = task

    def binned(self, model: Model, path: str, ids: Iterable[str]) -> None:
        """See that live tasks are in the trash as they were, and take that over."""
        trash = {task["id"]: task for task in self.listed(path, 100, deleted="true")}
        for id_ in sorted(ids, key=lambda id_: trash[id_]["revision"]):
            self.written(model, model.live.pop(id_), trash[id_])
            model.trash[id_] = trash[id_]

    def write(
        self, method: str, where: str, task: Task, condition: str, body: Any = None
    ) -> TestResponse | None:
        """Send a write with a precondition; None where it was refused for that, as it should be."""
        revision = task["revision"]
        tag = entity_tag(revision)
        given, holds = {
            "none": (None, True),
            "current": (tag, True),
            "any": ("*", True),
            "one of": (f'"0", W/"x" , {tag}', True),
            "revision": (f'"{revision}"', True),
            "older release": (f'"{revision}-0000"', True),
            "stale": (f'"{revision - 1}", {entity_tag(revision + 1)}', False),
            "weak": (f"W/{tag}", True),
            "foreign": ('"a", "01", ""', False),
        }[condition]
        headers = {} if given is None else {"If-Match": given}
        answer = self.client.open(where, method=method, json=body, headers=headers)
        if holds:
            return answer
        assert answer.status_code == 412
        assert answer.headers["ETag"] == tag
        assert answer.json["task"] == task
        return None

    def listed(self, path: str, limit: int = 2, **query: Any) -> list[Task]:
        """Walk along a list to its end, and see that each page has its size."""
        url, tasks = f"{path}?{urlencode({'limit': limit, **query})}", []
        while url:
            answer = self.client.get(url)
            assert answer.status_code == 200, answer.text
            tasks += answer.json
            link = NEXT.search(answer.headers["Link"])
            url = link[1] if link else ""
            assert len(answer.json) == limit or not url
        return tasks

    def one(self, number: int, kind: str, which: int) -> tuple[Model, str, Task] | None:
        """Give a task of a user, if they have any."""
        _, model, path = self.at(number)
        tasks = list(getattr(model, kind).values())
        return (model, path, tasks[which % len(tasks)]) if tasks else None

    def any_live(self) -> bool:
        return any(model.live for model in self.models.values())

    def any_trash(self) -> bool:
        return any(model.trash for model in self.models.values())

    # What can be done.

    @initialize(given=st.lists(NEW_TASKS, min_size=5, max_size=8))
    def begin_with_some(self, given: list[Task]) -> None:
        for number in (0, 1):
            self.create_many(number, given)

    @rule(number=USERS, given=NEW_TASKS)
    def create(self, number: int, given: Task) -> None:
        user, model, path = self.at(number)
        answer = self.client.post(path, json=given)
        assert answer.status_code == 201, answer.text
        self.created(model, user, answer.json, given)
        assert answer.headers["ETag"] == entity_tag(answer.json["revision"])
        assert answer.headers["Location"] == f"{path}/{answer.json['id']}"

    @rule(number=USERS, given=st.lists(NEW_TASKS, min_size=1, max_size=4))
    def create_many(self, number: int, given: list[Task]) -> None:
        user, model, path = self.at(number)
        answer = self.client.post(f"{path}/batch", json=given)
        assert answer.status_code == 201, answer.text
        for task, wish in zip(answer.json, given, strict=True):
            self.created(model, user, task, wish)

    @rule(number=USERS, which=CHOSEN, given=NEW_TASKS)
    def create_under_an_id(self, number: int, which: int, given: Task) -> None:
        user, model, path = self.at(number)
        id_ = self.ids[which]
        answer = self.client.post(path, json={**given, "id": id_})
        if id_ in model.trash:
            assert answer.status_code == 410
            assert answer.json["tombstone"]["revision"] == model.trash[id_]["revision"]
        elif id_ in model.live:
            assert (answer.status_code, answer.json) == (200, model.live[id_])
        else:
            assert (answer.status_code, answer.json["id"]) == (201, id_)
            self.created(model, user, answer.json, given)

    @rule(number=USERS, given=st.lists(NEW_TASKS, min_size=4, max_size=4))
    def create_many_under_ids(self, number: int, given: list[Task]) -> None:
        user, model, path = self.at(number)
        ids = [*self.ids, None]
        body = [
            {**task, **({"id": id_} if id_ else {})} for id_, task in zip(ids, given, strict=True)
        ]
        answer = self.client.post(f"{path}/batch", json=body)
        if model.trash.keys() & set(ids):
            assert answer.status_code == 410
            return
        assert answer.status_code == 201, answer.text
        for task, id_, wish in zip(answer.json, ids, given, strict=True):
            if id_ in model.live:
                assert task == model.live[id_]
            else:
                self.created(model, user, task, wish)

    @rule(number=USERS, key=KEYS, asked=ASKED)
    def create_once(self, number: int, key: str, asked: Any) -> None:
        user, model, path = self.at(number)
        where = f"{path}/batch" if isinstance(asked, list) else path
        answer = self.client.post(where, json=asked, headers={"Idempotency-Key": key})
        made = answer.json if isinstance(answer.json, list) else [answer.json]
        if key not in model.keys:
            assert answer.status_code == 201
            assert "Idempotency-Replayed" not in answer.headers
            wishes = asked if isinstance(asked, list) else [asked]
            for task, wish in zip(made, wishes, strict=True):
                self.created(model, user, task, wish)
            model.keys[key] = asked, [task["id"] for task in made]
            return
        first, ids = model.keys[key]
        if first != asked:
            assert answer.status_code == 422
        elif not model.live.keys() >= set(ids):
            assert answer.status_code == 410
        else:
            assert answer.status_code == 201
            assert answer.headers["Idempotency-Replayed"] == "true"
            assert made == [model.live[id_] for id_ in ids]

    @rule(number=USERS, key=KEYS)
    def fail_to_create_once(self, number: int, key: str) -> None:
        _, _, path = self.at(number)
        answer = self.client.post(path, json={"title": ""}, headers={"Idempotency-Key": key})
        assert answer.status_code == 422

    @precondition(any_live)
    @rule(
        number=USERS,
        which=WHICH,
        condition=CONDITIONS,
        method=st.sampled_from(["PUT", "PATCH"]),
        changes=CHANGES,
        read_only=st.booleans(),
    )
    def change(
        self,
        number: int,
        which: int,
        condition: str,
        method: str,
        changes: Task,
        read_only: bool,
    ) -> None:
        if not (found := self.one(number, "live", which)):
            return
        model, path, task = found
        ignored = {"id": "x", "user_id": None, "revision": 7} if read_only else {}
        answer = self.write(method, f"{path}/{task['id']}", task, condition, ignored | changes)
        if answer is None:
            return
        assert answer.status_code == 200, answer.text
        if changes:
            self.written(model, task, answer.json, **changes)
        else:
            assert answer.json == task
        model.live[task["id"]] = answer.json
        assert answer.headers["ETag"] == entity_tag(answer.json["revision"])

    @precondition(any_live)
    @rule(
        number=USERS,
        which=WHICH,
        condition=CONDITIONS,
        body=st.sampled_from([None, {}, {"completed": True}, {"completed": False}]),
    )
    def complete(self, number: int, which: int, condition: str, body: Task | None) -> None:
        if not (found := self.one(number, "live", which)):
            return
        model, path, task = found
        answer = self.write("PATCH", f"{path}/{task['id']}/complete", task, condition, body)
        if answer is None:
            return
        assert answer.status_code == 200
        self.written(model, task, answer.json, **(body or {"completed": not task["completed"]}))
        model.live[task["id"]] = answer.json

    @precondition(any_live)
    @rule(number=USERS, which=WHICH, condition=CONDITIONS)
    def delete(self, number: int, which: int, condition: str) -> None:
        if not (found := self.one(number, "live", which)):
            return
        model, path, task = found
        answer = self.write("DELETE", f"{path}/{task['id']}", task, condition)
        if answer is None:
            return
        assert (answer.status_code, answer.data) == (204, b"")
        self.binned(model, path, [task["id"]])

    @precondition(any_trash)
    @rule(number=USERS, which=WHICH, condition=CONDITIONS)
    def restore(self, number: int, which: int, condition: str) -> None:
        if not (found := self.one(number, "trash", which)):
            return
        model, path, task = found
        answer = self.write("POST", f"{path}/{task['id']}/restore", task, condition)
        if answer is None:
            return
        assert answer.status_code == 200
        self.written(model, task, answer.json)
        model.live[task["id"]] = answer.json
        del model.trash[task["id"]]

    @precondition(any_live)
    @rule(number=USERS, which=WHICH, tag=st.sampled_from([None, "*", '"0"']))
    def restore_what_is_not_in_the_trash(self, number: int, which: int, tag: str | None) -> None:
        if not (found := self.one(number, "live", which)):
            return
        _, path, task = found
        # RFC 9110, section 13.2.1: what would fail anyway fails as it would without If-Match.
        headers = {"If-Match": tag} if tag else {}
        answer = self.client.post(f"{path}/{task['id']}/restore", headers=headers)
        assert answer.status_code == 409

    @precondition(any_trash)
    @rule(number=USERS, which=WHICH, changes=CHANGES)
    def write_to_what_is_in_the_trash(self, number: int, which: int, changes: Task) -> None:
        if not (found := self.one(number, "trash", which)):
            return
        _, path, task = found
        assert_gone(self, f"{path}/{task['id']}", changes)

    @rule(number=USERS)
    def clear_completed(self, number: int) -> None:
        _, model, path = self.at(number)
        done = [task["id"] for task in model.live.values() if task["completed"]]
        answer = self.client.delete(f"{path}?completed=true")
        assert answer.json == {"deleted": len(done), "has_more": False}
        self.binned(model, path, done)

    @rule(number=USERS)
    def erase(self, number: int) -> None:
        user, model, path = self.at(number)
        assert self.client.delete(f"/api/{user}").status_code == 204
        model.live, model.trash, model.keys = {}, {}, {}
        if counter := version(self.client.get(path)):
            self.take_revision(model, counter)
            model.erased_at = counter

    @precondition(any_live)
    @rule(number=USERS, which=WHICH, stranger=USERS, changes=CHANGES)
    def reach_for_a_foreign_task(
        self, number: int, which: int, stranger: int, changes: Task
    ) -> None:
        if stranger == number or not (found := self.one(number, "live", which)):
            return
        _, _, task = found
        theirs = self.models[self.users[stranger]]
        if task["id"] in theirs.live | theirs.trash:
            return
        where = f"/api/{self.users[stranger]}/tasks/{task['id']}"
        assert_gone(self, where, changes)
        assert self.client.post(f"{where}/restore").status_code == 404

    # What can be asked.

    @precondition(any_live)
    @rule(number=USERS, which=WHICH)
    def get(self, number: int, which: int) -> None:
        if not (found := self.one(number, "live", which)):
            return
        _, path, task = found
        answer = self.client.get(f"{path}/{task['id']}")
        assert answer.json == task
        known = {"If-None-Match": f'"0", W/{answer.headers["ETag"]}'}
        assert self.client.get(f"{path}/{task['id']}", headers=known).status_code == 304

    @rule(
        number=USERS,
        filters=FILTERS,
        sort=st.sampled_from(SORTS),
        descending=st.booleans(),
        trash=st.booleans(),
    )
    def find(self, number: int, filters: Task, sort: str, descending: bool, trash: bool) -> None:
        _, model, path = self.at(number)
        tasks = model.trash if trash else model.live
        expected = ordered(
            [task for task in tasks.values() if matches(task, filters)], sort, descending
        )
        query = {**filters, "sort": "-" * descending + sort, "deleted": str(trash).lower()}
        assert self.listed(path, **query) == expected
        answer = self.client.get(path, query_string={**query, "count": "true", "offset": 1})
        assert answer.json == expected[1:51]
        assert answer.headers["X-Total-Count"] == str(len(expected))

    @rule(number=USERS, text=SEARCHES)
    def search(self, number: int, text: str) -> None:
        self.find(number, {"q": text}, "created_at", descending=True, trash=False)

    @rule(number=USERS, which=WHICH, limit=st.integers(1, 3))
    def follow(self, number: int, which: int, limit: int) -> None:
        user, model, _ = self.at(number)
        token, copy = model.followers[which % len(model.followers)]
        copy, where = dict(copy), f"/api/{user}/changes"
        if 0 < token < model.erased_at:
            assert self.client.get(f"{where}?since={token}").status_code == 410
            token, copy = 0, {}
        ahead = {"since": model.revision + 1}
        assert self.client.get(where, query_string=ahead).status_code == 410
        full, more, position = token == 0, True, token
        while more:
            answer = self.client.get(where, query_string={"since": position, "limit": limit})
            assert answer.status_code == 200
            page = answer.json
            revisions = [change["revision"] for change in page["changes"]]
            assert revisions == sorted(set(revisions))
            assert all(token < revision <= page["revision"] for revision in revisions)
            for change in page["changes"]:
                if change.get("deleted"):
                    assert not full or token
                    assert set(change) == {"id", "revision", "deleted"}
                    copy.pop(change["id"], None)
                else:
                    copy[change["id"]] = change
            more = page["has_more"]
            assert page["revision"] > token or not more
            token, position = page["revision"], page["next"]
        assert (token, position) == (model.revision, str(model.revision))
        assert copy == model.live
        model.followers.append((token, copy))

    # What is always so.

    @invariant()
    def who_was_written_to_has_what_the_model_has(self) -> None:
        if self.client.touched:
            self.compare(self.client.touched)
            self.client.touched = None

    def compare(self, user: str) -> None:
        model, path = self.models[user], f"/api/{user}/tasks"
        answer = self.client.get(path, query_string={"limit": 100})
        assert answer.json == ordered(model.live.values(), "created_at", descending=True)[:100]
        # A write that was refused may leave a gap.
        assert version(answer) >= model.revision
        model.revision = version(answer)
        if model.trash == model.seen_trash:
            return
        model.seen_trash = dict(model.trash)
        trash = self.client.get(path, query_string={"limit": 100, "deleted": "true"}).json
        assert trash == ordered(model.trash.values(), "created_at", descending=True)[:100]

    def teardown(self) -> None:
        # Nobody else's writes have changed anything of theirs either.
        for number, user in enumerate(self.users):
            self.models[user].seen_trash = None
            self.compare(user)
            self.follow(number, 0, 2)


def assert_gone(machine: Machine, where: str, changes: Task) -> None:
    """See that there is nothing to read or write here, whatever the precondition."""
    for headers in ({}, {"If-Match": "*"}):
        calls: list[Callable[[], TestResponse]] = [
            lambda: machine.client.get(where),
            lambda h=headers: machine.client.put(where, json=changes, headers=h),
            lambda h=headers: machine.client.patch(f"{where}/complete", headers=h),
            lambda h=headers: machine.client.delete(where, headers=h),
        ]
        assert [call().status_code for call in calls] == [404] * 4


def version(answer: TestResponse) -> int:
    """Read a list's entity tag: the user's counter."""
    return int(answer.headers["ETag"].strip('"').partition("-")[0])


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def normal(given: Task) -> Task:
    """Write what is given as it comes back: a moment in UTC."""
    due = given.get("due_at")
    if due is None:
        return given
    return {**given, "due_at": moment(due).astimezone(UTC).isoformat().replace("+00:00", "Z")}


def next_of(task: Task, completed: datetime) -> Task | None:
    """Return the next task, without its times and revision; each rule here is some days."""
    rule = dict(part.split("=") for part in task["recurrence"].split(";"))
    step = timedelta(days=int(rule.get("INTERVAL", 1)) * (7 if rule["FREQ"] == "WEEKLY" else 1))
    if rule.get("COUNT") == "1":
        return None
    zone = ZoneInfo(task["time_zone"] or "UTC")
    if task["due_on"]:
        due = date.fromisoformat(task["due_on"])
        after = max(due, completed.astimezone(zone).date())
        dues = {"due_on": (due + ((after - due) // step + 1) * step).isoformat()}
    else:
        due = moment(task["due_at"]).astimezone(zone)
        after = max(due, completed)
        due += (after - due) // step * step
        while due <= after:
            due += step
        dues = normal({"due_at": due.isoformat()})
    recurrence = task["recurrence"].replace("COUNT=2", "COUNT=1")
    gone = {"completed": False, "completed_at": None, "next_task_id": None}
    return {
        **task,
        **dues,
        **gone,
        "id": str(uuid5(UUID(task["id"]), "next")),
        "recurrence": recurrence,
    }


def plain(text: str) -> str:
    """Write a text without case, accents and width; `test_folding.py` has the rule."""
    return fold(text, 10**6).decode()


def matches(task: Task, filters: Task) -> bool:
    due = task["due_at"] or task["due_on"]
    texts = (task["title"], task["description"])
    tests: dict[str, Callable[[str], bool]] = {
        "completed": lambda wish: task["completed"] is (wish == "true"),
        "priority": lambda wish: task["priority"] == wish,
        "tag": lambda wish: wish in task["tags"],
        "q": lambda wish: any(plain(wish) in plain(text) for text in texts if text is not None),
        "due_before": lambda wish: bool(due) and is_due_before(task, moment(wish)),
        "due_after": lambda wish: bool(due) and not is_due_before(task, moment(wish)),
    }
    return all(tests[name](wish) for name, wish in filters.items())


def is_due_before(task: Task, wish: datetime) -> bool:
    if task["due_at"]:
        return moment(task["due_at"]) < wish
    # The day after, at the offset of who asks.
    midnight = datetime.combine(date.fromisoformat(task["due_on"]), time(), wish.tzinfo)
    return midnight + timedelta(days=1) <= wish


def ordered(tasks: Iterable[Task], sort: str, descending: bool) -> list[Task]:
    """Sort: nulls last either way, equals by their ids."""

    def value(task: Task) -> Any:
        if sort == "due_at" and task["due_on"]:
            return moment(f"{task['due_on']}T00:00:00Z") + timedelta(days=1)
        if sort == "title":
            return plain(task["title"])
        return moment(task[sort]) if task[sort] and sort.endswith("_at") else task[sort]

    def key(task: Task) -> tuple[Any, str]:
        return PRIORITIES.index(task[sort]) if sort == "priority" else value(task), task["id"]

    tasks = list(tasks)
    given = sorted((t for t in tasks if value(t) is not None), key=key, reverse=descending)
    nulls = [task for task in tasks if value(task) is None]
    return given + sorted(nulls, key=lambda task: task["id"], reverse=descending)


# Others see that all lines are run; being counted makes this one take twice as long.
@pytest.mark.no_cover
@pytest.mark.hypothesis
def test_service_agrees_with_a_dictionary_whatever_is_done_in_whatever_order(app):
    run_state_machine_as_test(
        lambda: Machine(app),
        settings=settings(
            max_examples=settings().max_examples // 5,
            stateful_step_count=50,
            derandomize=True,
            deadline=None,
            # A failure is told as it was found: to make it shorter takes minutes.
            phases=[Phase.generate],
            # Many a database statement is slower than what hypothesis takes for slow.
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
