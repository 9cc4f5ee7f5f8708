"""The example for app builders does what README says of it."""

import json
import resource
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from uuid import uuid4

import pytest
import requests
from tools import issuer as issuers
from tools.databases import new_database
from tools.jwt_settings import WITH_SECRET
from tools.server import BIN, ROOT, environment, free_port

SCRIPT = ROOT / "examples" / "offline_sync.py"


@pytest.fixture
def copy_file(tmp_path):
    return tmp_path / "copy.json"


@pytest.fixture
def command(copy_file):
    def command(base: str, *titles: str, name: str = "copy.json") -> list[object]:
        return [sys.executable, SCRIPT, base, copy_file.with_name(name), *titles]

    return command


@pytest.fixture
def run(command):
    def run(*arguments: str, token: str = "", **options: str) -> list[str]:
        result = subprocess.run(
            command(*arguments, **options),
            env=environment(TOKEN=token),
            capture_output=True,
            text=True,
            check=True,
        )
        return result.stdout.splitlines()

    return run


class Stub:
    """Something at the service's address that answers every request in one way."""

    def __init__(self) -> None:
        stub = self
        self.asked, self.gate = Event(), Event()
        self.gate.set()
        self.respond = issuers.with_status(503)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                stub.asked.set()
                stub.gate.wait(30)
                stub.respond(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def stub():
    stub = Stub()
    yield stub
    stub.stop()


@pytest.fixture
def at_stub(stub, user):
    """The user's address, where the stub is in the place of the service."""
    return f"http://127.0.0.1:{stub.server.server_port}/api/{user}"


def listed(base):
    return {task["id"]: task for task in requests.get(f"{base}/tasks").json()}


def test_copy_follows_the_service(base, run):
    task = requests.post(f"{base}/tasks", json={"title": "Buy milk"}).json()
    assert run(base) == ["refused: []", "[ ] Buy milk"]
    requests.patch(f"{base}/tasks/{task['id']}/complete")
    assert run(base) == ["refused: []", "[x] Buy milk"]
    requests.delete(f"{base}/tasks/{task['id']}")
    assert run(base) == ["refused: []"]


def test_task_made_offline_is_sent_when_the_service_is_there(base, run, user):
    nowhere = f"http://127.0.0.1:{free_port()}/api/{user}"
    said, *_ = run(nowhere, "Buy milk")
    assert said.startswith("not synced, 1 changes wait in ")
    assert "offline: " in said
    assert run(base) == ["refused: []", "[ ] Buy milk"]
    assert [task["title"] for task in listed(base).values()] == ["Buy milk"]


def problem(status: int) -> bytes:
    return json.dumps({"status": status, "detail": "Not now."}).encode()


NOT_NOW = {
    **{
        str(status): lambda request, status=status: issuers.answer(request, status, problem(status))
        for status in (400, 401, 403, 404, 405, 408, 429, 500, 503)
    },
    "a page": issuers.with_body(b"<html>Log in</html>"),
    "an error page": issuers.with_status(502),
    "a list": issuers.with_body(b"[]"),
    "half an answer": issuers.hang_up,
    "a redirect": issuers.redirect_to("https://127.0.0.1/"),
}


@pytest.mark.parametrize("respond", NOT_NOW.values(), ids=NOT_NOW)
def test_answer_that_does_not_judge_a_change_keeps_it_for_later(base, run, stub, at_stub, respond):
    stub.respond = respond
    said, refused = run(at_stub, "Buy milk")
    assert said.startswith("not synced, 1 changes wait in ")
    assert refused == "refused: []"
    assert run(base) == ["refused: []", "[ ] Buy milk"]


def test_bad_token_is_named_and_loses_nothing(serve, on_database, run, copy_file):
    guarded = f"{serve(**on_database | WITH_SECRET).url}/api/{uuid4()}"
    said, *_ = run(guarded, "Buy milk", token="rubbish")
    assert said == f"not synced, 1 changes wait in {copy_file}: 401: The bearer token is not valid."
    [change] = json.loads(copy_file.read_text())["outbox"]
    assert (change["was"], change["set"]) == (None, {"title": "Buy milk"})


def test_power_cut_while_a_task_is_sent_loses_nothing(base, run, command, stub, at_stub):
    stub.gate.clear()
    with subprocess.Popen(command(at_stub, "Buy milk"), env=environment()) as process:
        assert stub.asked.wait(30)
        process.kill()
    assert run(base) == ["refused: []", "[ ] Buy milk"]


def test_more_changes_than_a_push_may_have_are_sent(base, run):
    said, *tasks = run(base, *(str(number) for number in range(250)))
    assert (said, len(tasks), len(listed(base))) == ("refused: []", 250, 50)


def test_change_that_had_no_turn_is_sent_again(run, stub, at_stub, copy_file):
    ids = [str(uuid4()) for _ in range(3)]
    outbox = [{"id": id_, "was": None, "set": {"title": "x"}} for id_ in ids]
    copy_file.write_text(json.dumps({"outbox": outbox}))
    bodies = [
        json.dumps({"results": [{"status": status} for status in statuses]}).encode()
        for statuses in ((201, 503, 503), (200, 503))
    ]
    stub.respond = lambda request: issuers.answer(request, 200, bodies.pop(0) if bodies else b"")
    said, _ = run(at_stub)
    assert said.startswith(f"not synced, 1 changes wait in {copy_file}: ")
    assert json.loads(copy_file.read_text())["outbox"] == outbox[2:]


def test_full_disk_leaves_the_file_as_it_was(base, run, command, copy_file):
    run(base, "Buy milk")
    before = copy_file.read_bytes()
    failed = subprocess.run(
        command(base, "Buy tea"),
        env=environment(),
        stderr=subprocess.PIPE,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10)),
    )
    assert failed.returncode == 1
    assert copy_file.read_bytes() == before


def test_task_that_is_refused_is_kept_with_the_reason(base, run, copy_file):
    [said] = run(base, "x" * 256)
    assert "422: " in said
    copy = json.loads(copy_file.read_text())
    assert copy["outbox"] == []
    assert copy["refused"][0]["change"]["set"]["title"] == "x" * 256
    assert run(base, "Buy milk") == [said, "[ ] Buy milk"]


def test_task_that_was_made_and_deleted_since_is_not_made_again(base, run, copy_file):
    made = requests.post(f"{base}/tasks", json={"title": "Buy milk"}).json()
    requests.delete(f"{base}/tasks/{made['id']}")
    change = {"id": made["id"], "was": None, "set": {"title": "Buy milk"}}
    copy_file.write_text(json.dumps({"outbox": [change]}))
    assert run(base) == ["refused: []"]
    assert json.loads(copy_file.read_text())["outbox"] == []


@pytest.mark.parametrize(
    "arguments",
    [[], ["http://127.0.0.1:8000/api/x"], ["/api/x", "file"], ["http://x", "f", "\udcff"]],
)
def test_wrong_arguments_print_the_usage(arguments, tmp_path):
    result = subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert result.stderr.startswith("usage: offline_sync.py")
    assert list(tmp_path.iterdir()) == []


def test_two_copies_end_equal(base, run):
    run(base, "one", "two", name="a.json")
    run(base, "three", name="b.json")
    assert run(base, name="a.json")[1:] == run(base, name="b.json")[1:]


def test_change_of_somebody_else_is_not_overwritten(base, run, copy_file):
    task = requests.post(f"{base}/tasks", json={"title": "Buy milk"}).json()
    run(base)
    requests.put(f"{base}/tasks/{task['id']}", json={"title": "Buy tea"})
    mine = {"id": task["id"], "was": {"title": "Buy milk"}, "set": {"title": "Buy coffee"}}
    copy = json.loads(copy_file.read_text())
    copy_file.write_text(json.dumps({**copy, "outbox": [mine]}))
    said, *tasks = run(base)
    assert "409: " in said
    assert tasks == ["[ ] Buy tea"]
    copy = json.loads(copy_file.read_text())
    assert copy["tasks"] == listed(base)
    assert copy["refused"][0]["change"] == mine


def test_change_of_a_deleted_task_is_refused(base, run, copy_file):
    mine = {"id": str(uuid4()), "was": {"title": "Buy tea"}, "set": {"title": "Buy coffee"}}
    copy_file.write_text(json.dumps({"outbox": [mine]}))
    [said] = run(base)
    assert "404: " in said


def test_copy_starts_again_after_an_erasure(base, run):
    run(base, "one", "two")
    requests.delete(base)
    requests.post(f"{base}/tasks", json={"title": "three"})
    assert run(base) == ["refused: []", "[ ] three"]


def test_copy_comes_in_pages_and_its_file_keeps_where_to_go_on(base, run, copy_file):
    for number in range(6):
        tasks = [{"title": f"{number}-{index}"} for index in range(100)]
        assert requests.post(f"{base}/tasks/batch", json=tasks).status_code == 201
    assert len(run(base)) == 601
    answer = requests.get(f"{base}/changes", {"since": json.loads(copy_file.read_text())["next"]})
    assert answer.json()["changes"] == []
    assert len(run(base, "one more")) == 602


def test_file_that_says_not_where_to_go_on_is_copied_again_and_loses_no_change(
    base, run, copy_file
):
    change = {"id": str(uuid4()), "was": None, "set": {"title": "Buy milk"}}
    stale = {"id": str(uuid4()), "title": "Deleted long ago", "completed": False}
    copy = {"revision": 3, "tasks": {stale["id"]: stale}, "outbox": [change]}
    copy_file.write_text(json.dumps(copy))
    assert run(base) == ["refused: []", "[ ] Buy milk"]


def test_copy_is_right_after_the_database_was_restored_from_a_backup(
    serve, run, database_url, own_database, user
):
    def on(url):
        text = url.set(drivername="postgres").render_as_string(hide_password=False)
        return {"DATABASE_URL": text, "AUTH": "none", "WEB_CONCURRENCY": 1}

    server = serve(**on(own_database))
    run(f"{server.url}/api/{user}", "kept")
    server.stop()
    with new_database(database_url, template=own_database.database) as backup:
        server = serve(**on(own_database))
        assert run(f"{server.url}/api/{user}", "lost", "lost too")[2:] == [
            "[ ] lost",
            "[ ] lost too",
        ]
        server.stop()
        command = [BIN / "flask", "--app", "wsgi", "db", "restored"]
        subprocess.run(command, cwd=ROOT, env=environment(**on(backup)), check=True)
        server = serve(**on(backup))
        base = f"{server.url}/api/{user}"
        for title in "abc":
            requests.post(f"{base}/tasks", json={"title": title})
        assert run(base)[1:] == ["[ ] kept", "[ ] a", "[ ] b", "[ ] c"]
        server.stop()
