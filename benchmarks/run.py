"""Measure the service beside other ways to write it: `python benchmarks/run.py`.

One run starts PostgreSQL and one server after the other, puts load on each with wrk, and prints a
table. README.md in this directory tells what is measured and how to read it.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import http.client
import json
import os
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
VAR = ROOT / "var" / "benchmarks"
PROJECT = ROOT / ".venv" / "bin"
PEERS = VAR / "venv" / "bin"

WORKERS = 2
BASELINE = "naive"
WARM_UP_SECONDS = 1
# Both workers of a server must have loaded the application before any load is put on it.
SETTLE_SECONDS = 1
START_SECONDS = 30
STOP_SECONDS = 15
# Where a worker used less than this part of the busiest one's CPU time, it got next to none of the
# connections, and half of the server was not measured.
LOPSIDED = 0.25
ATTEMPTS = 20

READER = "6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11"
READER_TASKS = 200
COLLECTOR = "2b7b9a34-4f5e-4b1c-9a0e-7f6f3f0f8a21"
COLLECTOR_TASKS = 10_000
PAGE = 50
WRITERS = [f"00000000-0000-4000-8000-{number:012d}" for number in range(100)]
NEW_TASK = {"title": "Buy oat milk", "description": "Two cartons, the barista kind."}

SERVICE_PACKAGES = (
    "flask",
    "flask-smorest",
    "marshmallow",
    "sqlalchemy",
    "psycopg2-binary",
    "gunicorn",
    "gevent",
    "orjson",
)
PEER_PACKAGES = (
    "flask",
    "flask-smorest",
    "marshmallow",
    "sqlalchemy",
    "psycopg2-binary",
    "gunicorn",
    "fastapi",
    "pydantic",
    "sqlmodel",
    "starlette",
    "uvicorn",
    "uvloop",
    "httptools",
    "asyncpg",
)


class BenchmarkError(Exception):
    """The run can't go on, or what it would measure means nothing."""


# --- What is measured -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Server:
    """One implementation of the API, and how it is started.

    Attributes:
        scheme: what its database URL starts with: the driver, where SQLAlchemy needs to be told.
        prepare: what makes the tables, run once, before the first start.
        command: what serves; `{port}` stands for the port.
    """

    name: str
    about: str
    scheme: str
    prepare: tuple[str, ...]
    command: tuple[str, ...]
    directory: Path
    environ: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """One request that wrk sends."""

    method: str
    target: str
    body: Any = None


@dataclass(frozen=True)
class Case:
    """One kind of request.

    Attributes:
        status: the only status that counts as an answer.
        requests: makes the requests, which are sent in turn; it may ask the running server first.
        servers: the servers that have it; None stands for all of them.
    """

    name: str
    about: str
    status: int
    requests: Callable[[Api], list[Request]]
    servers: frozenset[str] | None = None


def fastapi_server(name: str, module: str, about: str, scheme: str) -> Server:
    """Describe a peer that uvicorn serves."""
    serve = (str(PEERS / "uvicorn"), "--workers", str(WORKERS), "--port", "{port}")
    return Server(
        name=name,
        about=about,
        scheme=scheme,
        prepare=(str(PEERS / "python"), f"{module}.py"),
        # The line that uvicorn writes about each request would only slow it down.
        command=(*serve, "--no-access-log", f"{module}:app"),
        directory=HERE / "peers",
    )


SERVERS = (
    Server(
        name="ours",
        about="this project as it is deployed, with its log: gunicorn, gevent workers",
        scheme="postgresql",
        prepare=(str(PROJECT / "flask"), "--app", "wsgi", "db", "upgrade"),
        command=(
            *(str(PROJECT / "gunicorn"), "--config", "python:tasks_api.gunicorn_conf"),
            "wsgi:app",
        ),
        directory=ROOT,
        environ={"AUTH": "none", "WEB_CONCURRENCY": str(WORKERS)},
    ),
    Server(
        name="naive",
        about="flask-smorest, SQLAlchemy ORM session, psycopg2; gunicorn, gthread, 8 threads each",
        scheme="postgresql+psycopg2",
        prepare=(str(PEERS / "python"), "naive_smorest.py"),
        command=(
            *(str(PEERS / "gunicorn"), "--workers", str(WORKERS), "--threads", "8"),
            *("--worker-class", "gthread", "--no-control-socket"),
            *("--bind", "127.0.0.1:{port}", "naive_smorest:app"),
        ),
        directory=HERE / "peers",
    ),
    fastapi_server(
        "fastapi",
        "fastapi_sqlmodel",
        "FastAPI, SQLModel, psycopg2, plain functions; uvicorn",
        "postgresql+psycopg2",
    ),
    fastapi_server(
        "fastapi-async",
        "fastapi_async",
        "FastAPI, SQLModel's AsyncSession, asyncpg, coroutines; uvicorn",
        "postgresql+asyncpg",
    ),
)


def get_requests(api: Api) -> list[Request]:
    """Ask for tasks of the reader, one after the other."""
    tasks = api.expect(200, Request("GET", f"/api/{READER}/tasks?limit=100"))
    return [Request("GET", f"/api/{READER}/tasks/{task['id']}") for task in tasks]


def list_requests(_api: Api) -> list[Request]:
    """Ask for the reader's first page."""
    return [Request("GET", f"/api/{READER}/tasks")]


def post_requests(_api: Api) -> list[Request]:
    """Make a task for one user after the other."""
    return [Request("POST", f"/api/{user}/tasks", NEW_TASK) for user in WRITERS]


def many_tasks(api: Api) -> list[Any]:
    """Make sure that a user has 10,000 tasks; give the newest 100."""
    target = f"/api/{COLLECTOR}/tasks"
    tasks = api.expect(200, Request("GET", f"{target}?limit=100"))
    if not tasks:
        batch = [{**NEW_TASK, "title": f"{NEW_TASK['title']} {number}"} for number in range(100)]
        for _ in range(COLLECTOR_TASKS // 100):
            api.expect(201, Request("POST", f"{target}/batch", batch))
        tasks = api.expect(200, Request("GET", f"{target}?limit=100"))
    return list(tasks)


def first_page_requests(api: Api) -> list[Request]:
    """Ask for the first page of the 10,000."""
    many_tasks(api)
    return [Request("GET", f"/api/{COLLECTOR}/tasks")]


def deep_page_requests(api: Api) -> list[Request]:
    """Follow `next` to a page in the middle of the 10,000, and ask for that."""
    many_tasks(api)
    target = f"/api/{COLLECTOR}/tasks?limit=100"
    for _ in range(COLLECTOR_TASKS // 200):
        target = api.next_page(target)
    return [Request("GET", target.replace("limit=100", "limit=50"))]


def search_requests(api: Api) -> list[Request]:
    """Search all of the 10,000 for what none of them has."""
    many_tasks(api)
    return [Request("GET", f"/api/{COLLECTOR}/tasks?q=nowhere")]


OURS = frozenset({"ours"})
CASES = (
    Case("get", "GET /api/{user}/tasks/{id}", 200, get_requests),
    Case(
        "list", f"GET /api/{{user}}/tasks, the {PAGE} newest of {READER_TASKS}", 200, list_requests
    ),
    Case("post", f"POST /api/{{user}}/tasks, {len(WRITERS)} users in turn", 201, post_requests),
    Case("first", "the first 50 of a user's 10,000 tasks", 200, first_page_requests, OURS),
    Case("deep", "50 tasks from the middle of these, by a cursor", 200, deep_page_requests, OURS),
    Case("search", "a search of all of these that finds nothing", 200, search_requests, OURS),
)


# --- Talking to a server --------------------------------------------------------------------------


@dataclass(frozen=True)
class Api:
    """A running server: a client for the requests that aren't measured, and its CPU time."""

    port: int
    process: int

    def call(self, request: Request) -> tuple[int, Any, Mapping[str, str]]:
        """Send a request; give the status, the body, decoded where it is JSON, and the headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {} if request.body is None else {"Content-Type": "application/json"}
        body = None if request.body is None else json.dumps(request.body)
        try:
            connection.request(request.method, request.target, body, headers)
            response = connection.getresponse()
            content = response.read()
            if "json" in response.headers.get("Content-Type", ""):
                return response.status, json.loads(content), response.headers
            return response.status, content.decode(errors="replace"), response.headers
        finally:
            connection.close()

    def expect(self, status: int, request: Request) -> Any:
        """Send a request that must be answered with this status; give the decoded body.

        Raises:
            BenchmarkError: it was another status.
        """
        found, answer, _ = self.call(request)
        if found != status:
            raise BenchmarkError(f"{request.method} {request.target} gave {found}: {answer}")
        return answer

    def next_page(self, target: str) -> str:
        """Give where the `Link` of a list leads next."""
        _, _, headers = self.call(Request("GET", target))
        return re.findall(r'<([^>]*)>; rel="next"', headers["Link"])[0]

    def cpu_seconds(self) -> dict[int, float]:
        """Give the CPU time of each worker so far; nothing where there is no Linux to ask."""
        children = Path(f"/proc/{self.process}/task/{self.process}/children")
        if not children.exists():
            return {}
        ticks = os.sysconf("SC_CLK_TCK")
        found = {}
        for child in children.read_text().split():
            # The second field is a name in parentheses, which may hold anything.
            with suppress(OSError):
                fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
                found[int(child)] = (int(fields[11]) + int(fields[12])) / ticks
        return found


def seed(api: Api) -> bool:
    """Make the reader's tasks, unless they are there; tell whether any had to be made."""
    if api.expect(200, Request("GET", f"/api/{READER}/tasks")):
        return False
    for _ in range(READER_TASKS):
        api.expect(201, Request("POST", f"/api/{READER}/tasks", NEW_TASK))
    return True


def shape(answer: Any) -> Any:
    """Tell what an answer looks like without its values: how long a list is, which members."""
    if isinstance(answer, list):
        return {"length": len(answer), "items": shape(answer[0]) if answer else None}
    return sorted(answer) if isinstance(answer, dict) else type(answer).__name__


# --- Load -----------------------------------------------------------------------------------------


def run_wrk(port: int, requests: Sequence[Request], seconds: int, connections: int) -> Any:
    """Send the requests in turn for some seconds; give wrk's counts, with times in microseconds.

    Raises:
        BenchmarkError: an answer was not a success, or a connection failed.
    """
    lines = VAR / "requests.tsv"
    bodies = ["" if item.body is None else json.dumps(item.body) for item in requests]
    lines.write_text(
        "".join(
            f"{item.method}\t{item.target}\t{body}\n"
            for item, body in zip(requests, bodies, strict=True)
        )
    )
    wrk = ("wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s")
    script = ("--script", str(HERE / "cycle.lua"), f"http://127.0.0.1:{port}", str(lines))
    done = subprocess.run((*wrk, *script), capture_output=True, text=True, check=False)
    found = re.search(r"^RESULT (.*)$", done.stdout, re.MULTILINE)
    if done.returncode or not found:
        raise BenchmarkError(f"wrk failed:\n{done.stdout}{done.stderr}")
    counts = json.loads(found[1])
    names = ("bad_statuses", "connect", "read", "write", "timeout")
    wrong = {name: counts[name] for name in names if counts[name]}
    if wrong or not counts["requests"]:
        raise BenchmarkError(f"of {counts['requests']} requests some failed: {wrong}")
    return counts


def measure_load(
    api: Api, requests: Sequence[Request], seconds: int, connections: int
) -> dict[str, Any]:
    """Put load on a server; give requests/s, latencies, and the workers' CPU time per request.

    The kernel gives each connection to whichever worker takes it first, and now and then one worker
    takes them all. That lottery is not what is compared here, so such a measurement is repeated.

    Raises:
        BenchmarkError: a request failed, a worker is missing, or one always took all connections.
    """
    for attempt in range(ATTEMPTS):
        before = api.cpu_seconds()
        counts = run_wrk(api.port, requests, seconds, connections)
        after = api.cpu_seconds()
        used = sorted((after[worker] - before.get(worker, 0) for worker in after), reverse=True)
        if used and len(used) < WORKERS:
            raise BenchmarkError("a worker is missing")
        # There may be more children than workers: helpers, which do next to nothing.
        if not used or used[WORKERS - 1] >= LOPSIDED * used[0]:
            return {
                "requests_per_second": counts["requests"] / counts["microseconds"] * 1e6,
                "p50_ms": counts["p50"] / 1000,
                "p99_ms": counts["p99"] / 1000,
                "cpu_us": sum(used) / counts["requests"] * 1e6 if used else None,
                "repeated": attempt,
            }
        say("  one worker took nearly all connections: measuring again")
    raise BenchmarkError(f"one worker took nearly all connections, {ATTEMPTS} times")


# --- Processes ------------------------------------------------------------------------------------


def run_quietly(
    command: Sequence[str], directory: Path = ROOT, environ: Mapping[str, str] | None = None
) -> str:
    """Run a command that must succeed, with some more in its environment; give its output.

    Raises:
        BenchmarkError: it failed; with its output.
    """
    done = subprocess.run(
        command,
        cwd=directory,
        env=environment(environ or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchmarkError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Give the environment of a child: settings of this shell must not reach the servers."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ} | dict(more)


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def serving(server: Server, url: str) -> Iterator[Api]:
    """Run a server on a database, and stop it, with all its workers, afterwards.

    Raises:
        BenchmarkError: it doesn't start, or it ended by itself; with the end of its log.
    """
    port = free_port()
    logs = VAR / "logs"
    logs.mkdir(exist_ok=True)
    with (logs / f"{server.name}.log").open("wb") as log:
        process = subprocess.Popen(
            [part.format(port=port) for part in server.command],
            cwd=server.directory,
            env=environment({"DATABASE_URL": url, "PORT": str(port), **server.environ}),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            api = Api(port, process.pid)
            wait_until_ready(server, process, api)
            yield api
            if process.poll() is not None:
                raise BenchmarkError(f"{server.name} ended by itself; {log.name} tells more")
        finally:
            stop(process)


def wait_until_ready(server: Server, process: subprocess.Popen[bytes], api: Api) -> None:
    """Wait until a server answers.

    Raises:
        BenchmarkError: it doesn't.
    """
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            api.expect(200, Request("GET", f"/api/{READER}/tasks"))
        except OSError:
            time.sleep(0.1)
        else:
            time.sleep(SETTLE_SECONDS)
            return
    text = (VAR / "logs" / f"{server.name}.log").read_text(errors="replace")
    raise BenchmarkError(f"{server.name} doesn't start:\n{text[-2000:]}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask a server to stop; kill what is left of its process group."""
    process.terminate()
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


# --- PostgreSQL -----------------------------------------------------------------------------------


@contextmanager
def postgresql() -> Iterator[str]:
    """Give the URL of a server: of BENCH_DATABASE_URL, or the embedded one, run meanwhile.

    Raises:
        BenchmarkError: the embedded one doesn't start.
    """
    given = os.environ.get("BENCH_DATABASE_URL")
    if given:
        yield given
        return
    with subprocess.Popen(
        (str(PROJECT / "python"), str(HERE / "database.py"), "serve", str(VAR / "postgresql")),
        env=environment({}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Ctrl-C is for this process, which then ends the other one's input.
        start_new_session=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        url = process.stdout.readline().strip()
        if not url:
            raise BenchmarkError("the embedded PostgreSQL doesn't start")
        try:
            yield url
        finally:
            process.stdin.close()
            process.wait()


def ask_database(command: str, *arguments: str) -> str:
    """Run a command of `database.py`; give what it prints."""
    return run_quietly((str(PROJECT / "python"), str(HERE / "database.py"), command, *arguments))


def database_name(server: Server) -> str:
    """Name the database of a server."""
    return f"bench_{server.name.replace('-', '_')}"


def database_url(url: str, server: Server, scheme: str | None = None) -> str:
    """Give the URL of a server's own database; the scheme is by default the one it needs."""
    parts = urlsplit(url)
    # urlunsplit would drop the two slashes where there is no host.
    query = f"?{parts.query}" if parts.query else ""
    return f"{scheme or server.scheme}://{parts.netloc}/{database_name(server)}{query}"


def prepare(server: Server, url: str) -> None:
    """Make a server's database, empty, and the tables in it."""
    ask_database("create", url, database_name(server))
    run_quietly(
        server.prepare,
        server.directory,
        {"DATABASE_URL": database_url(url, server), **server.environ},
    )


# --- The virtualenv of the peers ------------------------------------------------------------------


def make_virtualenv() -> None:
    """Make the peers' virtualenv with the project's Python, unless it is there and up to date."""
    requirements = HERE / "requirements.txt"
    python_version = run_quietly((str(PROJECT / "python"), "--version"))
    wanted = hashlib.sha256(requirements.read_bytes() + python_version.encode()).hexdigest()
    stamp = PEERS.parent / "benchmarks.sha256"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say("making the virtualenv of the peers")
    run_quietly((str(PROJECT / "python"), "-m", "venv", "--clear", str(PEERS.parent)))
    pip = (str(PEERS / "python"), "-m", "pip", "--disable-pip-version-check")
    # pip's settings may come from the environment, a mirror's address for one.
    run_quietly(
        (*pip, "install", "--quiet", "--requirement", str(requirements)), environ=os.environ
    )
    stamp.write_text(wanted)


def versions(python: Path, packages: Sequence[str]) -> dict[str, str]:
    """Ask a virtualenv for the versions of packages."""
    script = (
        "import json, sys; from importlib.metadata import version; "
        "print(json.dumps({name: version(name) for name in sys.argv[1:]}))"
    )
    found: dict[str, str] = json.loads(run_quietly((str(python), "-c", script, *packages)))
    return found


# --- The run --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measurement:
    """What wrk found out about one server and one kind of request in one round."""

    round: int
    server: str
    case: str
    requests_per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float | None
    repeated: int


def measure_case(api: Api, case: Case, seconds: int, connections: int) -> tuple[Any, Any]:
    """Measure one kind of request, after a warm-up; give the shape of its answer, and the figures.

    Raises:
        BenchmarkError: a request failed.
    """
    requests = case.requests(api)
    answer = api.expect(case.status, requests[0])
    run_wrk(api.port, requests, WARM_UP_SECONDS, connections)
    return shape(answer), measure_load(api, requests, seconds, connections)


def measure_server(
    server: Server, cases: Sequence[Case], url: str, seconds: int, connections: int
) -> dict[str, tuple[Any, Any]]:
    """Run one server and measure every kind of request that it has.

    Raises:
        BenchmarkError: it doesn't serve as it should.
    """
    with serving(server, database_url(url, server)) as api:
        if server.name in OURS:
            many_tasks(api)
        if seed(api):
            ask_database("analyze", database_url(url, server, "postgresql"))
        return {
            case.name: measure_case(api, case, seconds, connections)
            for case in cases
            if case.servers is None or server.name in case.servers
        }


def measure(
    servers: Sequence[Server], cases: Sequence[Case], url: str, options: argparse.Namespace
) -> list[Measurement]:
    """Measure all servers in each round, a different one first each time.

    Raises:
        BenchmarkError: a server doesn't serve as it should, or they don't answer alike.
    """
    for server in servers:
        say(f"preparing {server.name}")
        prepare(server, url)
    measurements = []
    shapes: dict[str, Any] = {}
    for number in range(options.rounds):
        first = number % len(servers)
        for server in (*servers[first:], *servers[:first]):
            say(f"round {number + 1} of {options.rounds}: {server.name}")
            found = measure_server(server, cases, url, options.seconds, options.connections)
            for case, (answer, figures) in found.items():
                if shapes.setdefault(case, answer) != answer:
                    raise BenchmarkError(
                        f"{server.name} answers {case} with {answer}, others with {shapes[case]}"
                    )
                measurements.append(Measurement(number + 1, server.name, case, **figures))
    return measurements


# --- The report -----------------------------------------------------------------------------------


def summarize(
    measurements: Sequence[Measurement], servers: Sequence[Server], cases: Sequence[Case]
) -> list[dict[str, Any]]:
    """Give the medians over the rounds, for each kind of request and each server.

    The ratio to the baseline is the median of the rounds' own ratios: the two figures of a round
    were measured within a minute of each other, so a slow spell of the machine hits both.
    """
    by_round = {(item.case, item.server, item.round): item for item in measurements}
    rows = []
    for case in cases:
        for server in servers:
            rounds = [
                item
                for item in measurements
                if (item.case, item.server) == (case.name, server.name)
            ]
            if not rounds:
                continue
            rates = [item.requests_per_second for item in rounds]
            ratios = [
                item.requests_per_second / baseline.requests_per_second
                for item in rounds
                if (baseline := by_round.get((case.name, BASELINE, item.round)))
            ]
            cpu = [item.cpu_us for item in rounds if item.cpu_us is not None]
            rows.append(
                {
                    "case": case.name,
                    "server": server.name,
                    "requests_per_second": statistics.median(rates),
                    "lowest": min(rates),
                    "highest": max(rates),
                    "p50_ms": statistics.median(item.p50_ms for item in rounds),
                    "p99_ms": statistics.median(item.p99_ms for item in rounds),
                    "cpu_us": statistics.median(cpu) if cpu else None,
                    "repeated": sum(item.repeated for item in rounds),
                    "ratio": statistics.median(ratios) if ratios else None,
                }
            )
    return rows


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Lay the summary out as a Markdown table."""
    lines = [
        f"| Request | Server | Requests/s | Lowest to highest | p50 ms | p99 ms | CPU µs "
        f"| Ratio to {BASELINE} |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
        cpu = "" if row["cpu_us"] is None else f"{row['cpu_us']:.0f}"
        lines.append(
            f"| {row['case']} | {row['server']} | {row['requests_per_second']:.0f} "
            f"| {row['lowest']:.0f} to {row['highest']:.0f} "
            f"| {row['p50_ms']:.1f} | {row['p99_ms']:.1f} | {cpu} | {ratio} |"
        )
    return "\n".join(lines)


def describe_machine(url: str) -> dict[str, Any]:
    """Tell what the figures were measured on."""
    model = platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        found = re.search(r"^model name\s*:\s*(.*)$", cpuinfo.read_text(), re.MULTILINE)
        model = found[1] if found else model
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": model,
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": run_quietly((str(PROJECT / "python"), "--version")).removeprefix("Python "),
        "postgresql": ask_database("version", url),
        "service": versions(PROJECT / "python", SERVICE_PACKAGES),
        "peers": versions(PEERS / "python", PEER_PACKAGES),
    }


def describe_run(
    machine: Mapping[str, Any], options: argparse.Namespace, rows: Sequence[Mapping[str, Any]]
) -> str:
    """Write in Markdown what the figures were measured on, and how."""
    packages = {"The service": machine["service"], "The peers": machine["peers"]}
    repeated = [
        f"{row['server']} {row['case']} {row['repeated']}" for row in rows if row["repeated"]
    ]
    return "\n".join(
        [
            f"- {machine['date'][:10]}, {machine['cores']} cores ({machine['cpu']}), "
            f"load before the run {machine['load']:.1f}",
            f"- Python {machine['python']}, PostgreSQL {machine['postgresql']}",
            f"- Rounds: {options.rounds}, of {options.seconds} s; "
            f"{options.connections} connections; {WORKERS} workers for each server",
            f"- Measured again because one worker took all: {', '.join(repeated) or 'none'}",
            *(
                f"- {who}: " + ", ".join(f"{name} {number}" for name, number in found.items())
                for who, found in packages.items()
            ),
        ]
    )


# --- The command ----------------------------------------------------------------------------------


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description="Measure the service beside other ways to write it.",
        epilog="\n".join(
            ["servers:"]
            + [f"  {server.name:14} {server.about}" for server in SERVERS]
            + ["requests:"]
            + [f"  {case.name:14} {case.about}" for case in CASES]
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=positive, default=3, help="default 3")
    parser.add_argument("--seconds", type=positive, default=5, help="of each measurement; 5")
    parser.add_argument("--connections", type=positive, default=16, help="at once; 16")
    parser.add_argument(
        "--only",
        nargs="+",
        default=[],
        metavar="NAME",
        choices=[server.name for server in SERVERS] + [case.name for case in CASES],
        help="only these servers, only these requests; without any of a kind, all of it",
    )
    return parser.parse_args(arguments)


def positive(text: str) -> int:
    """Read a whole number above zero."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not above zero")
    return number


def chosen(items: Sequence[Any], names: Sequence[str]) -> list[Any]:
    """Keep what `--only` names; everything, where it names nothing of this kind."""
    return [item for item in items if item.name in names] or list(items)


def say(text: str) -> None:
    """Tell how far the run is, on stderr: stdout is for the report."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def lone_run() -> Iterator[None]:
    """Keep a second run away: they would share the database's directory, and the cores.

    Raises:
        BenchmarkError: there is one already.
    """
    VAR.mkdir(parents=True, exist_ok=True)
    with (VAR / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BenchmarkError("another run is under way") from None
        yield


def run(options: argparse.Namespace) -> None:
    """Measure and report.

    Raises:
        BenchmarkError: the run can't go on, or what it would measure means nothing.
    """
    if not (PROJECT / "python").exists():
        raise BenchmarkError(f"the project is not installed in {PROJECT.parent.name}")
    servers, cases = chosen(SERVERS, options.only), chosen(CASES, options.only)
    with ExitStack() as stack:
        stack.enter_context(lone_run())
        make_virtualenv()
        url = stack.enter_context(postgresql())
        machine = describe_machine(url)
        measurements = measure(servers, cases, url, options)
    rows = summarize(measurements, servers, cases)
    results = {
        "machine": machine,
        "options": vars(options),
        "summary": rows,
        "measurements": [asdict(item) for item in measurements],
    }
    (VAR / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    print(table(rows), describe_run(machine, options, rows), sep="\n\n")


def main() -> int:
    """Run the command; give its exit status."""
    options = parse_arguments()
    if not shutil.which("wrk"):
        say("wrk is not installed: it makes the load.")
        return 2
    # Whoever ends this process by a signal wants the servers to end, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        run(options)
    except (BenchmarkError, OSError) as error:
        say(f"The benchmark failed: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
