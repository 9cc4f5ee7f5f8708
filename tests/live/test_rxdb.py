"""RxDB on two devices, kept equal by the adapter that docs/clients.md shows."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from tools.jwt_settings import WITH_SECRET, token_of
from tools.npm import install, needs_npm
from tools.server import BIN, ROOT, Server, environment, launch

ADAPTER = ROOT / "examples" / "clients" / "rxdb.js"
SOURCES = Path(__file__).with_name("rxdb")
VAR = ROOT / "var" / "rxdb"

# The first time, RxDB is installed.
pytestmark = [pytest.mark.long, needs_npm, pytest.mark.timeout(600)]

Task = dict[str, Any]

# What the collection has.
MEMBERS = ("id", "title", "completed", "tags", "due_on", "position")


def purge(settings: dict[str, str]) -> None:
    """Remove all that is in the trash, as the command does."""
    command = [str(BIN / "flask"), "--app", "wsgi", "tasks", "purge", "--days", "0"]
    subprocess.run(command, cwd=ROOT, env=environment(**settings), check=True)


class Device:
    """A Node.js process with a collection of its own."""

    def __init__(self, home: Path, url: str, token: str) -> None:
        self.process = subprocess.Popen(
            ["node", "device.js", url, token],
            cwd=home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def does(self, act: str, *given: Any) -> Any:
        """Have it do one of the `acts` of device.js; return what that returns."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([act, *given]) + "\n")
        return json.loads(self.process.stdout.readline())

    def insert(self, title: str, **members: Any) -> str:
        self.does("insert", {"id": (id_ := str(uuid4())), "title": title, **members})
        return id_

    def tasks(self) -> dict[str, Task]:
        return {task["id"]: task for task in self.does("tasks")}


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    VAR.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SOURCES / name, VAR)
    home = tmp_path_factory.mktemp("rxdb")
    (home / "node_modules").symlink_to(install(VAR))
    for source in (SOURCES / "package.json", SOURCES / "device.js", ADAPTER):
        shutil.copy(source, home)
    return home


@pytest.fixture(scope="module")
def settings(own_database) -> dict[str, str]:
    url = own_database.set(drivername="postgres").render_as_string(hide_password=False)
    return {"DATABASE_URL": url, **WITH_SECRET}


@pytest.fixture(scope="module")
def server(settings, tmp_path_factory) -> Iterator[Server]:
    server = launch(tmp_path_factory.mktemp("server"), WEB_CONCURRENCY=2, **settings)
    yield server
    server.stop()


@pytest.fixture
def device(home, server, user) -> Iterator[Callable[[], Device]]:
    """Start a device of the user; with the test it ends."""
    with ExitStack() as devices:

        def start() -> Device:
            device = Device(home, f"{server.url}/api/{user}", token_of(user))
            devices.enter_context(device.process)
            devices.callback(device.process.stdin.close)
            device.does("start")
            return device

        yield start


def until(reached: Callable[[], bool], what: Callable[[], Any]) -> None:
    """Wait until something is true; fail with what is there instead if it isn't in a minute."""
    end = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < end, what()
        time.sleep(0.05)


def until_equal(api: requests.Session, *devices: Device) -> dict[str, Task]:
    """Wait until each device has what the service has, and return that, by id."""

    def by_service() -> dict[str, Task]:
        tasks = api.get(api.url, params={"limit": 100}).json()
        return {task["id"]: {name: task[name] for name in MEMBERS} for task in tasks}

    until(
        lambda: all(device.tasks() == by_service() for device in devices),
        lambda: (by_service(), [device.tasks() for device in devices]),
    )
    return by_service()


def test_tasks_made_offline_come_to_the_other_device_under_their_ids(api, device):
    one, other = device(), device()
    one.does("offline")
    ids = {one.insert(f"task {number}", tags=["a,b"]) for number in range(60)}
    assert api.get(api.url).json() == []
    one.does("online")
    assert until_equal(api, one, other).keys() == ids
    assert one.does("conflicts") == 0


def test_different_members_that_two_devices_change_both_win(api, device):
    one, other = device(), device()
    id_ = one.insert("a", due_on="2027-01-09")
    until_equal(api, one, other)
    for either in (one, other):
        either.does("offline")
    one.does("patch", id_, {"title": "b", "tags": ["x"]})
    other.does("patch", id_, {"completed": True, "due_on": None})
    for either in (one, other):
        either.does("online")
    merged = {"title": "b", "tags": ["x"], "completed": True, "due_on": None}
    until(lambda: one.tasks()[id_].items() >= merged.items(), one.tasks)
    assert until_equal(api, one, other)[id_].items() >= merged.items()
    assert one.does("conflicts") == other.does("conflicts") == 0


def test_same_member_is_resolved_with_the_task_of_the_service(api, device):
    one, other = device(), device()
    id_ = one.insert("a")
    until_equal(api, one, other)
    other.does("offline")
    other.does("patch", id_, {"title": "theirs", "completed": True})
    one.does("patch", id_, {"title": "first"})
    until_equal(api, one)
    other.does("online")
    assert until_equal(api, one, other)[id_]["title"] == "first"
    assert other.does("conflicts") == 1


def test_what_both_devices_did_is_no_conflict_and_the_rest_comes_too(api, device):
    one, other = device(), device()
    id_ = one.insert("a")
    until_equal(api, one, other)
    other.does("stop")
    other.does("patch", id_, {"completed": True})
    one.does("patch", id_, {"completed": True, "title": "b"})
    until_equal(api, one)
    # It reads the feed before it knows that its own change is done.
    other.does("loseAnswers")
    other.does("begin")
    until(lambda: len(other.does("errors")) > 4, other.tasks)
    other.does("online")
    assert until_equal(api, one, other)[id_]["title"] == "b"
    assert other.does("conflicts") == 0


def test_creation_whose_answer_was_lost_is_no_conflict(api, device):
    one, other = device(), device()
    one.does("loseAnswers")
    id_ = one.insert("a")
    until(lambda: len(api.get(api.url).json()) == 1, one.tasks)
    one.does("patch", id_, {"title": "b"})
    one.does("online")
    assert until_equal(api, one, other)[id_]["title"] == "b"
    assert one.does("conflicts") == 0


def test_change_whose_answer_was_lost_is_no_conflict_with_what_was_done_meanwhile(api, device):
    one, other = device(), device()
    id_ = one.insert("a")
    until_equal(api, one, other)
    one.does("loseAnswers")
    one.does("patch", id_, {"title": "b"})
    until(lambda: other.tasks()[id_]["title"] == "b", other.tasks)
    other.does("patch", id_, {"completed": True})
    until_equal(api, other)
    one.does("patch", id_, {"title": "c"})
    one.does("online")
    task = until_equal(api, one, other)[id_]
    assert (task["title"], task["completed"]) == ("c", True)
    assert one.does("conflicts") == 0


def test_deleted_task_goes_everywhere_and_comes_back_when_it_is_made_again(api, device):
    one, other = device(), device()
    id_, kept = one.insert("a"), one.insert("b")
    until_equal(api, one, other)
    other.does("offline")
    other.does("remove", id_)
    one.does("patch", id_, {"completed": True})
    other.does("online")
    assert until_equal(api, one, other).keys() == {kept}
    other.does("insert", {"id": id_, "title": "a again"})
    assert until_equal(api, one, other).keys() == {id_, kept}


def test_change_of_what_was_deleted_elsewhere_ends_as_deleted(api, device):
    one, other = device(), device()
    id_ = one.insert("a")
    until_equal(api, one, other)
    one.does("offline")
    one.does("patch", id_, {"title": "b"})
    other.does("remove", id_)
    until_equal(api, other)
    one.does("online")
    assert until_equal(api, one, other) == {}


def test_change_that_is_refused_is_undone_and_holds_up_no_other(api, device):
    one = device()
    id_ = one.insert("a")
    until_equal(api, one)
    one.does("offline")
    one.does("patch", id_, {"title": "x" * 256})
    good, _bad = one.insert("good"), one.insert(" ")
    one.does("online")
    assert until_equal(api, one).keys() == {id_, good}
    assert one.does("conflicts") == 2


def test_copy_begins_again_after_a_purge_and_keeps_what_was_not_pushed(api, device, settings):
    one, other = device(), device()
    gone, kept, changed = one.insert("gone"), one.insert("kept"), one.insert("changed")
    until_equal(api, one, other)
    one.does("offline")
    new = one.insert("made offline")
    one.does("patch", kept, {"completed": True})
    one.does("patch", changed, {"completed": True})
    other.does("remove", gone)
    other.does("remove", changed)
    until_equal(api, other)
    purge(settings)
    one.does("online")
    assert until_equal(api, one, other).keys() == {kept, new}
    assert one.tasks()[kept]["completed"]


def test_devices_that_do_nothing_are_told_of_changes(api, device):
    one, other = device(), device()
    task = api.post(api.url, json={"title": "a"}).json()
    until_equal(api, one, other)
    api.patch(f"{api.url}/{task['id']}", json={"title": "b"})
    assert until_equal(api, one, other)[task["id"]]["title"] == "b"


def test_adapter_is_at_most_40_lines():
    assert len(ADAPTER.read_text().splitlines()) <= 40
