"""The example for app builders does what README says of it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from uuid import uuid4

import pytest
import requests

from live.server import ROOT, environment, free_port

SCRIPT = ROOT / "examples" / "offline_sync.py"


@pytest.fixture
def base(serve, on_database):
    return f"{serve(**on_database).url}/api/{uuid4()}"


@pytest.fixture
def run(tmp_path):
    def run(base: str, *titles: str, name: str = "copy.json") -> list[str]:
        result = subprocess.run(
            [sys.executable, SCRIPT, base, tmp_path / name, *titles],
            env=environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        return result.stdout.splitlines()

    return run


@pytest.fixture
def sync():
    spec = importlib.util.spec_from_file_location("offline_sync", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.sync


def listed(base):
    return {task["id"]: task for task in requests.get(f"{base}/tasks").json()}


def test_copy_follows_the_service(base, run):
    task = requests.post(f"{base}/tasks", json={"title": "Buy milk"}).json()
    assert run(base) == ["refused: []", "[ ] Buy milk"]
    requests.patch(f"{base}/tasks/{task['id']}/complete")
    assert run(base) == ["refused: []", "[x] Buy milk"]
    requests.delete(f"{base}/tasks/{task['id']}")
    assert run(base) == ["refused: []"]


def test_task_made_offline_is_sent_when_the_service_is_there(base, run):
    nowhere = f"http://127.0.0.1:{free_port()}/api/{base.rsplit('/', 1)[1]}"
    [offline] = run(nowhere, "Buy milk")
    assert offline.startswith("offline: ")
    assert run(base) == ["refused: []", "[ ] Buy milk"]
    assert [task["title"] for task in listed(base).values()] == ["Buy milk"]


def test_two_copies_end_equal(base, run):
    run(base, "one", "two", name="a.json")
    run(base, "three", name="b.json")
    assert run(base, name="a.json")[1:] == run(base, name="b.json")[1:]


def test_change_of_somebody_else_is_not_overwritten(base, sync):
    copy = {"revision": 0, "tasks": {}, "outbox": []}
    task = requests.post(f"{base}/tasks", json={"title": "Buy milk"}).json()
    sync(base, copy)
    requests.put(f"{base}/tasks/{task['id']}", json={"title": "Buy tea"})
    mine = {"id": task["id"], "revision": task["revision"], "body": {"title": "Buy coffee"}}
    copy["outbox"].append(mine)
    [(todo, (status, _))] = sync(base, copy)
    assert (todo, status) == (mine, 412)
    assert copy["tasks"] == listed(base)
    assert copy["tasks"][task["id"]]["title"] == "Buy tea"


def test_copy_starts_again_after_an_erasure(base, sync):
    copy = {"revision": 0, "tasks": {}, "outbox": []}
    for title in ("one", "two"):
        requests.post(f"{base}/tasks", json={"title": title})
    sync(base, copy)
    requests.delete(base)
    requests.post(f"{base}/tasks", json={"title": "three"})
    sync(base, copy)
    assert [task["title"] for task in copy["tasks"].values()] == ["three"]
