"""Two devices move tasks by hand, each with a library of its own language: they get one order."""

import json
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from fractional_indexing import generate_key_between
from tools.npm import install, needs_npm
from tools.racing import race
from tools.server import ROOT

SOURCES = Path(__file__).with_name("fractional_indexing")
VAR = ROOT / "var" / "fractional_indexing"

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

Between = Callable[[str | None, str | None], str]


@pytest.fixture
def by_npm(tmp_path):
    VAR.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SOURCES / name, VAR)
    (tmp_path / "node_modules").symlink_to(install(VAR))
    for name in ("package.json", "between.js"):
        shutil.copy(SOURCES / name, tmp_path)
    program = subprocess.Popen(
        ["node", "between.js"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )

    def between(before: str | None, after: str | None) -> str:
        program.stdin.write(json.dumps([before, after]) + "\n")
        return program.stdout.readline().strip()

    with program:
        yield between
        program.stdin.close()


@needs_npm
def test_devices_with_different_libraries_move_tasks_at_once_and_get_one_order(app, path, by_npm):
    client = app.test_client()
    libraries: list[Between] = [generate_key_between, by_npm]
    key, tasks = None, []
    for number in range(30):
        key = libraries[number % 2](key, None)
        tasks.append(client.post(path, json={"title": str(number), "position": key}).json)
    assert listed(client, path) == tasks

    def move(which: int) -> dict[str, str]:
        """Move tasks of one's own, each between two neighbours as the device sees them."""
        device, choose, moved = app.test_client(), random.Random(which).randrange, {}
        for _ in range(100):
            seen = listed(device, path)
            task = tasks[choose(15) * 2 + which]
            others = [one["position"] for one in seen if one["id"] != task["id"]]
            place = choose(len(others) + 1)
            before = others[place - 1] if place else None
            after = next((one for one in others[place:] if one != before), None)
            key = libraries[which](before, after)
            assert (before or "") < key
            assert after is None or key < after
            patched = device.patch(f"{path}/{task['id']}", json={"position": key})
            assert patched.status_code == 200, patched.text
            moved[task["id"]] = key
        return moved

    first, second = race(2, move)
    order = listed(client, path)
    assert {task["id"]: task["position"] for task in order} == first | second
    assert order == sorted(order, key=lambda task: (task["position"].encode(), task["id"]))
    assert order[::-1] == listed(client, path, "-position")


def listed(client, path, sort="position"):
    return client.get(path, query_string={"sort": sort, "limit": 100}).json
