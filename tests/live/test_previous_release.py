"""The release before this one, on the schema of this one.

Both serve during a deployment, and an operator may return to the old one. What runs is its own
code, from git, with the libraries of today.
"""

import io
import operator
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import requests
from tools.server import BIN, ROOT, environment

pytestmark = pytest.mark.long

VERSIONS = "src/tasks_api/database/migrations/versions"


def git(*arguments: str) -> bytes:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout


def previous_release() -> str:
    """The newest tag before this commit; without tags, what there was before the last migration."""
    tags = git("tag", "--list", "v*", "--merged", "HEAD^", "--sort=-version:refname").split()
    if tags:
        return tags[0].decode()
    # The first release whose `/ready` allows for a database that is ahead is that before 0005.
    return git("log", "-1", "--format=%H^", "--diff-filter=A", "--", VERSIONS).decode().strip()


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    try:
        archive = git("archive", previous_release())
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("there is no git history: the previous release is not tried")
    tree = tmp_path_factory.mktemp("previous")
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(tree, filter="data")
    return tree


@pytest.fixture
def settings(on_database, tree):
    # Its own code comes first. Its lines are none of those that coverage counts.
    return {**on_database, "PYTHONPATH": tree / "src", "COVERAGE_PROCESS_CONFIG": ""}


@pytest.fixture
def run(tree, settings):
    def run(*command: object) -> str:
        env = environment(**settings)
        result = subprocess.run(
            command, cwd=tree, env=env, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    return run


def test_code_is_that_of_the_previous_release(tree, run):
    """Otherwise all else here would say nothing."""
    file = run(sys.executable, "-c", "import tasks_api.app; print(tasks_api.app.__file__)")
    assert Path(file.strip()).is_relative_to(tree)


def test_previous_release_serves_and_is_ready(serve, tree, settings, run):
    old = serve(tree=tree, **settings)
    assert run(tree / "tests" / "smoke.sh", old.url).endswith("all ok\n")


def shared(*tasks: dict[str, object]) -> list[dict[str, object]]:
    """Leave out the members that only one of two releases has."""
    names = set.intersection(*map(set, tasks))
    return [{name: task[name] for name in names} for task in tasks]


def test_both_releases_serve_the_same_users(serve, on_database, tree, settings, user):
    old, new = (
        f"{server.url}/api/{user}"
        for server in (serve(tree=tree, **settings), serve(**on_database))
    )
    key = {"Idempotency-Key": "k"}
    for first, second in ((old, new), (new, old)):
        answers = [
            requests.post(f"{base}/tasks", json={"title": first}, headers=key)
            for base in (first, second)
        ]
        key = {"Idempotency-Key": "another"}
        task, repeated = (answer.json() for answer in answers)
        assert [answer.status_code for answer in answers] == [201, 201]
        assert operator.eq(*shared(task, repeated))
        changed = requests.patch(f"{second}/tasks/{task['id']}/complete").json()
        assert operator.eq(*shared(changed, requests.get(f"{first}/tasks/{task['id']}").json()))
        assert requests.delete(f"{first}/tasks?completed=true").json()["deleted"] == 1
        assert requests.post(f"{second}/tasks/{task['id']}/restore").status_code == 200
        assert requests.delete(f"{first}/tasks/{task['id']}").status_code == 204
    feeds = [requests.get(f"{base}/changes?since=1").json() for base in (old, new)]
    assert feeds[0] == feeds[1]
    assert [change["deleted"] for change in feeds[0]["changes"]] == [True, True]


def test_what_the_previous_release_writes_is_found_here(serve, on_database, tree, settings, user):
    old, new = (
        f"{server.url}/api/{user}/tasks"
        for server in (serve(tree=tree, **settings), serve(**on_database))
    )

    def found(q: str) -> list[str]:
        return [task["title"] for task in requests.get(new, {"q": q, "sort": "title"}).json()]

    task = requests.post(new, json={"title": "Before", "description": "both"}).json()["id"]
    requests.post(old, json={"title": "Straße"})
    requests.put(f"{old}/{task}", json={"title": "After"})
    assert (found("before"), found("after"), found("both")) == ([], ["After"], ["After"])
    for base in (old, new):
        requests.patch(f"{base}/{task}/complete")
    assert (found("before"), found("straße")) == ([], ["Straße"])
    command = [BIN / "flask", "--app", "wsgi", "tasks", "fold"]
    subprocess.run(command, cwd=ROOT, env=environment(**on_database), check=True)
    assert (found("before"), found("after"), found("STRASSE")) == ([], ["After"], ["Straße"])


def test_what_the_previous_release_completes_makes_its_next_task_later(
    serve, on_database, tree, settings, user
):
    old, new = (
        f"{server.url}/api/{user}/tasks"
        for server in (serve(tree=tree, **settings), serve(**on_database))
    )
    body = {"title": "x", "due_on": "2026-01-09", "recurrence": "FREQ=DAILY"}
    task = requests.post(new, json=body).json()["id"]
    assert requests.put(f"{old}/{task}", json={"due_on": None}).status_code in {422, 500}
    completed = [
        requests.patch(f"{base}/{task}/complete").json().get("next_task_id")
        for base in (old, old, new)
    ]
    assert completed[:2] in ([None, None], completed[2:] * 2)
    assert {each["id"] for each in requests.get(new).json()} == {task, completed[2]}


def test_commands_of_the_previous_release_run(run):
    flask = (BIN / "flask", "--app", "wsgi")
    assert "The database is at migration" in run(*flask, "db", "upgrade")
    assert "Removed" in run(*flask, "tasks", "purge", "--days", "36500")
