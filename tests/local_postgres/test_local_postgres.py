"""The embedded PostgreSQL comes to harm, and is shared, in all kinds of places."""

import fcntl
import json
import os
import resource
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa
from tools.racing import meanwhile
from tools.server import BIN, ROOT, environment

from local_postgres.server import StartFailed, as_owner
from local_postgres.supervisor import socket_parent
from tasks_api.database.engine import new_engine

pytestmark = pytest.mark.measured

# Starts the server, says where it is, and uses it until it is told to end.
USER = (
    "import json, sys; from pathlib import Path; from local_postgres.start import start\n"
    "print(json.dumps(start(Path(sys.argv[1]), 'tasks')), flush=True)\n"
    "sys.stdin.read()"
)
NOBODY = 65534
# Python may be in root's home: this lets another user read there, and write nothing.
AS_NOBODY = [
    *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
    *("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search", "--"),
]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user too")


class User:
    """A process that uses the embedded PostgreSQL on a directory."""

    def __init__(self, directory: Path, *prefix: str, **options: object) -> None:
        self.directory = directory
        self.process = subprocess.Popen(
            [*prefix, BIN / "python", "-c", USER, directory],
            env=environment(TMPDIR=os.environ["TMPDIR"]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **options,
        )

    def url(self) -> sa.URL:
        """Return where the server is, once it serves."""
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        server = json.loads(line)
        return sa.URL.create(
            "postgresql+psycopg2",
            server["user"],
            database=server["dbname"],
            query={"host": server["host"], "port": server["port"]},
        )

    def end(self) -> None:
        """End, as a process does that has nothing more to do."""
        self.process.communicate()

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        self.process.send_signal(how)
        self.process.communicate()


@pytest.fixture(scope="module", autouse=True)
def sockets() -> Iterator[None]:
    """Let what is killed leave its sockets in a directory that goes with the tests."""
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as monkeypatch:
        Path(directory).chmod(0o1777)
        monkeypatch.setenv("TMPDIR", directory)
        yield


def place_of_others() -> Path:
    """A directory outside pytest's own, which any other run of pytest closes to other users."""
    return Path(tempfile.mkdtemp(dir=os.environ["TMPDIR"]))


@pytest.fixture(scope="module")
def initialised(sockets: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data that were made once, and nobody uses."""
    directory = tmp_path_factory.mktemp("initialised") / "data"
    user = User(directory)
    user.url()
    user.end()
    return directory


@pytest.fixture
def data(initialised: Path, tmp_path: Path) -> Path:
    """A directory whose data have been made."""
    subprocess.run(["cp", "-a", initialised, tmp_path / "data"], check=True)
    return tmp_path / "data"


@pytest.fixture
def use(tmp_path: Path) -> Iterator[Callable[..., User]]:
    """Start users of the embedded PostgreSQL; all is over with the test."""
    users: list[User] = []

    def start(directory: Path = tmp_path / "data", *prefix: str, **options: object) -> User:
        users.append(User(directory, *prefix, **options))
        return users[-1]

    yield start
    for user in users:
        user.kill()
    # Without a supervisor, the server would stay.
    _, left = psutil.wait_procs(processes(tmp_path), timeout=10)
    for process in left:
        process.kill()


def processes(directory: Path, program: str = "") -> list[psutil.Process]:
    """Return the processes that name a path in the directory, the users aside."""
    return [
        process
        for process in psutil.process_iter(["cmdline", "status"])
        if process.info["status"] != psutil.STATUS_ZOMBIE
        and any(str(directory) in word for word in process.info["cmdline"] or [])
        and USER not in process.info["cmdline"]
        and any(word.endswith(program) for word in process.info["cmdline"][:3])
    ]


def postmaster(directory: Path) -> psutil.Process:
    return psutil.Process(int((directory / "postgresql" / "postmaster.pid").read_text().split()[0]))


def kill_all(directory: Path) -> None:
    """Kill all that runs on the directory, as a power cut would."""
    while found := processes(directory):
        for process in found:
            process.kill()
        psutil.wait_procs(found)


def eventually(is_so: Callable[[], object]) -> None:
    """Wait until something is so; the test's own time limit is the limit."""
    while not is_so():
        time.sleep(0.02)


def ask(url: sa.URL, question: str = "SELECT 42") -> object:
    with new_engine(url).connect() as connection:
        return connection.scalar(sa.text(question))


def answers(url: sa.URL) -> bool:
    try:
        return ask(url) == 42
    except sa.exc.OperationalError:
        return False


def is_locked(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def is_initialising(directory: Path) -> bool:
    return bool(processes(directory, "initdb") and list(directory.rglob("PG_VERSION")))


def test_power_cut_during_the_first_start_does_no_harm(use, tmp_path):
    first = use()
    eventually(lambda: is_initialising(tmp_path))
    first.kill()
    kill_all(tmp_path)
    assert answers(use().url())


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_first_start_may_be_broken_off(use, tmp_path, how):
    first = use()
    eventually(lambda: is_initialising(tmp_path))
    first.kill(how)
    eventually(lambda: not processes(tmp_path))
    assert answers(use().url())


def test_first_start_without_its_supervisor_is_waited_for_and_thrown_away(use, tmp_path):
    first = use()
    eventually(lambda: is_initialising(tmp_path))
    [initdb] = processes(tmp_path, "initdb")
    initdb.suspend()
    for process in processes(tmp_path, "supervisor"):
        process.kill()
    first.kill()
    second = use()
    eventually(lambda: processes(tmp_path, "supervisor"))
    [supervisor] = processes(tmp_path, "supervisor")
    eventually(lambda: is_locked(tmp_path / "data" / "postgresql.starting.lock"))
    before = supervisor.num_ctx_switches().voluntary
    # It looks, and sleeps, and looks.
    eventually(lambda: supervisor.num_ctx_switches().voluntary > before + 5)
    initdb.resume()
    assert answers(second.url())


def test_two_first_starts_at_once_share_one_server(use):
    users = [use(), use()]
    with ThreadPoolExecutor() as threads:
        first, second = threads.map(User.url, users)
    assert first == second
    assert answers(first)


@pytest.mark.parametrize("name", ["a b'c\"d%e%20ü#f?g&h,i$j\\k", "long" * 50])
def test_data_may_be_in_any_place(use, tmp_path, name):
    url = use(tmp_path / name / "data").url()
    assert answers(url)


@pytest.mark.parametrize("name", ["short", "long" * 50])
def test_server_is_reachable_by_its_user_alone(use, tmp_path, name):
    parent = tmp_path / name
    parent.mkdir()
    for mode in (0o700, 0o751):
        parent.chmod(mode)
        user = use(parent / "data")
        url = user.url()
        directory = Path(url.query["host"])
        state = directory.stat()
        assert (stat.S_IMODE(state.st_mode), state.st_uid) == (0o700, os.geteuid())
        assert list(directory.glob(".s.PGSQL.*"))
        assert ask(url, "SHOW listen_addresses") == ""
        assert stat.S_IMODE((parent / "data").stat().st_mode) == 0o700
        assert stat.S_IMODE(parent.stat().st_mode) == mode
        user.end()
        assert not directory.exists()


@as_root
def test_other_users_may_start_it_after_root_and_before(use):
    """Each on data of their own: nothing that they share is in the way."""
    theirs = place_of_others()
    os.chown(theirs, NOBODY, NOBODY)
    for _ in range(2):
        for user in (use(), use(theirs / "data", *AS_NOBODY)):
            assert answers(user.url())
            user.end()


@as_root
def test_owner_of_the_place_may_go_on_with_what_root_has_made(use):
    theirs = place_of_others()
    os.chown(theirs, 1, 1)
    as_owner = [word.replace(str(NOBODY), "1") for word in AS_NOBODY]
    for prefix in ([], as_owner, []):
        user = use(theirs / "data", *prefix)
        url = user.url()
        assert postmaster(theirs / "data").uids().effective == 1
        assert answers(url)
        user.end()


@as_root
def test_server_of_roots_has_one_capability_and_is_not_root(use, data):
    use().url()
    status = Path(f"/proc/{postmaster(data).pid}/status").read_text()
    lines = dict(line.split(":\t") for line in status.splitlines())
    assert lines["Uid"].split() == [str(NOBODY)] * 4
    assert int(lines["CapEff"], 16) == 1 << 1


def test_process_id_that_another_process_has_by_now_keeps_nothing_from_starting(use, data):
    use().url()
    server = postmaster(data)
    owner = server.uids().effective
    note = (data / "postgresql" / "postmaster.pid").read_text().splitlines()
    kill_all(data)
    # As after a reboot: PostgreSQL minds a process of its own user.
    other = subprocess.Popen(["sleep", "600"], user=owner if os.geteuid() == 0 else None)
    try:
        text = "\n".join([str(other.pid), *note[1:]]) + "\n"
        (data / "postgresql" / "postmaster.pid").write_text(text)
        Path(note[4], ".s.PGSQL.5432.lock").write_text(text)
        user = use()
        assert answers(user.url())
        user.end()
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_server_that_dies_is_started_again_at_the_same_place(use, data):
    url = use().url()
    for _ in range(2):
        server = postmaster(data)
        server.kill()
        server.wait()
        eventually(lambda: answers(url))


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_command_that_is_killed_leaves_no_server_behind(use, data, how):
    user = use()
    user.url()
    user.kill(how)
    eventually(lambda: not processes(data))
    assert not (data / "postgresql" / "postmaster.pid").exists()


def test_server_is_stopped_when_the_last_user_has_ended(use, data):
    first, second = use(), use()
    url = first.url()
    assert second.url() == url
    first.end()
    assert answers(url)
    second.end()
    assert not (data / "postgresql" / "postmaster.pid").exists()


def test_log_has_nothing_of_a_statement_that_fails_or_is_killed(use, data):
    url = use().url()
    with pytest.raises(sa.exc.DataError):
        ask(url, "SELECT CAST('of a user' AS integer)")
    with pytest.raises(sa.exc.OperationalError):
        ask(url, "SELECT 'of a user', pg_terminate_backend(pg_backend_pid())")
    with new_engine(url).connect() as connection:
        backend = psutil.Process(connection.scalar(sa.text("SELECT pg_backend_pid()")))
        sleep = sa.text("SELECT pg_sleep(60), 'of a user'")
        with meanwhile(lambda: connection.execute(sleep), backend.kill) as lost:
            eventually(
                lambda: ask(url, "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
            )
    assert isinstance(lost.exception(), sa.exc.OperationalError)
    log = data / "postgresql.log"
    eventually(lambda: "terminated by signal 9" in log.read_text())
    assert "of a user" not in log.read_text()


def test_supervisor_is_not_ended_by_a_signal_as_long_as_it_is_needed(use, data):
    url = use().url()
    [supervisor] = processes(data, "supervisor")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        supervisor.send_signal(number)
    postmaster(data).kill()
    eventually(lambda: answers(url))


def test_server_whose_supervisor_was_killed_is_looked_after_by_the_next(use, data):
    first = use()
    url = first.url()
    server = postmaster(data)
    [supervisor] = processes(data, "supervisor")
    supervisor.kill()
    second = use()
    assert second.url() == url
    assert postmaster(data) == server
    first.end()
    second.end()
    eventually(lambda: not processes(data))


def test_server_whose_supervisor_was_killed_is_stopped_with_its_last_user(use, data):
    user = use()
    user.url()
    [supervisor] = processes(data, "supervisor")
    supervisor.kill()
    user.end()
    eventually(lambda: not processes(data))
    assert not (data / "postgresql" / "postmaster.pid").exists()


def test_path_of_the_socket_is_short_wherever_temporary_files_are():
    parents = {size: "/" + "x" * (size - 1) for size in (20, 70, 71, 200)}
    chosen = {size: socket_parent(parent) for size, parent in parents.items()}
    assert chosen == {20: parents[20], 70: parents[70], 71: "/tmp", 200: "/tmp"}
    made = Path(tempfile.mkdtemp(prefix="tasks-api-"))
    assert len(f"{parents[70]}/{made.name}/.s.PGSQL.5432") == 103
    made.rmdir()


@as_root
def test_root_is_refused_where_there_is_no_setpriv(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StartFailed, match="be another user"):
        as_owner(tmp_path)


def test_user_ends_where_nobody_is_left_to_stop_the_server(use, data):
    user = use()
    user.url()
    kill_all(data)
    user.end()
    assert user.process.returncode == 0
    assert answers(use().url())


def test_server_that_dies_with_its_last_user_stays_dead(use, data):
    user = use()
    user.url()
    [supervisor] = processes(data, "supervisor")
    supervisor.suspend()
    server = postmaster(data)
    server.kill()
    # Until its supervisor goes on, nobody takes note of its end.
    eventually(lambda: server.status() == psutil.STATUS_ZOMBIE)
    user.kill()
    supervisor.resume()
    eventually(lambda: not processes(data))


def test_what_another_has_put_in_the_place_of_the_socket_is_not_used(use, data, tmp_path):
    place = Path(use().url().query["host"])
    kill_all(data)
    place.rename(f"{place}-")
    place.symlink_to(f"{place}-")
    assert use().url().query["host"] != str(place)


# What stops the start in one line.


def refused(**options: object) -> str:
    """Return the one line with which a command ends; before it, there may be lines of the log."""
    data = options.pop("data")
    result = subprocess.run(
        [BIN / "python", "-m", "flask", "--app", "wsgi", "routes"],
        cwd=ROOT,
        env=environment(DATA_DIR=data, TMPDIR=os.environ["TMPDIR"]),
        capture_output=True,
        text=True,
        check=False,
        **options,
    )
    assert (result.returncode, result.stdout) == (1, "")
    [line] = [line for line in result.stderr.splitlines() if not line.startswith("{")]
    return line


def test_data_dir_that_is_no_directory_is_refused_in_one_line(tmp_path):
    file = tmp_path / "file"
    file.touch()
    for data in (file, file / "below", Path("/proc/nowhere")):
        line = refused(data=data)
        assert line.startswith("DATA_DIR must be a directory in which this user may write: ")
        assert line.endswith(str(data))


def test_disk_that_is_full_is_told_in_one_line(tmp_path):
    limit = (1_000_000, resource.RLIM_INFINITY)
    line = refused(
        data=tmp_path / "data",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
    )
    assert line.startswith("The embedded PostgreSQL did not start: ")
    assert "File too large" in line


def test_data_that_cannot_be_served_is_told_in_one_line(use, data):
    user = use(data)
    url = user.url()
    ask(
        url.set(database="postgres"),
        "UPDATE pg_database SET datallowconn = datname <> 'tasks' RETURNING 1",
    )
    assert "not currently accepting connections" in refused(data=data)
    user.end()
    (data / "postgresql" / "global" / "pg_control").unlink()
    assert str(data / "postgresql.log") in refused(data=data)


def test_database_that_is_not_in_utf8_stops_the_start_in_one_sentence(data):
    first = User(data)
    url = first.url()
    with new_engine(url.set(database="postgres")).connect() as server:
        server.execute(sa.text("DROP DATABASE tasks WITH (FORCE)"))
        server.execute(sa.text("CREATE DATABASE tasks TEMPLATE template0 ENCODING 'SQL_ASCII'"))
    first.end()
    assert "can't be used: The database's encoding is SQL_ASCII" in refused(data=data)
