"""Counts the machine instructions that a request takes, layer by layer; noise doesn't change them.

The application runs under Valgrind's callgrind, once for a few requests and once for more of them;
the difference is theirs. Python gives each of its functions an address of its own (`-X perf`), by
which callgrind tells them apart. That adds about an eighth. The server is counted as a whole.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from wsgiref.util import setup_testing_defaults

import database
import one_worker
from cases import CASES, send
from servers import HERE, VAR, read_servers

COMMITTED = HERE / "instructions.json"
KINDS = ["get", "list", "put"]
FEW, MANY = 20, 120
# By how much a kind of request may grow before `--check` fails.
GROWTH = 1.05
CALLGRIND = ["valgrind", "--tool=callgrind"]
# Each layer: the functions that it begins with, and after "-" those that are other layers.
LAYERS = {
    "middleware": "RequestLog.__call__ RequestLog.__call__.<locals>.answer - Flask.wsgi_app "
    "RequestLog._log measure",
    "log line": "RequestLog._log",
    "metrics of requests": "measure",
    "routing": "Service.create_url_adapter PathAdapter.match",
    "contexts": "Flask.request_context RequestContext.push RequestContext.pop "
    "- Service.create_url_adapter PathAdapter.match",
    "checks before, headers after": "Flask.preprocess_request Flask.process_response",
    "reading and validating": "_headers.<locals>.load _query.<locals>.load _body.<locals>.load",
    "pool": "Pool.take Pool.give_back",
    "psycopg2 and rows": "Statement.run",
    "retries, failures, metrics": "Database.execute - Statement.run Pool.take Pool.give_back",
    "JSON": "OrjsonProvider.response",
    "answer": "Flask.make_response JSONResponse.__call__ - OrjsonProvider.response "
    "RequestLog.__call__.<locals>.answer",
}

cases = {case.name: case for case in CASES}


def environ(url: str) -> dict[str, str]:
    """Return the settings under which the service is counted."""
    settings = {"DATABASE_URL": url, "AUTH": "none", "LOG_FORMAT": "json", "PYTHONHASHSEED": "0"}
    return {"PATH": os.environ["PATH"]} | settings


def serve(kind: str, number: int) -> None:
    """Make the application, and serve a request as often as this: what is counted."""
    from tasks_api.app import create_app  # noqa: PLC0415

    app = create_app()
    request = cases[kind].make("http://localhost")[0].prepare()
    sys.stdout = open(os.devnull, "w", encoding="ascii")  # noqa: SIM115
    for _ in range(number):
        body = request.body or b""
        asked = {
            "REQUEST_METHOD": request.method,
            "PATH_INFO": request.path_url,
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
        }
        setup_testing_defaults(asked)
        asked["wsgi.input"].write(body)
        asked["wsgi.input"].seek(0)
        b"".join(app(asked, lambda *_: None))


def names_of(process: object) -> Path:
    """Return the file in which Python names the functions of a process."""
    return Path(f"/tmp/perf-{process}.map")


def count(url: str, kind: str, number: int, out: Path) -> Counter[str]:
    """Run `serve` under callgrind; return what each Python function took, with all it called."""
    inside = [sys.executable, "-X", "perf", __file__, "--inside", kind, str(number)]
    command = [*CALLGRIND, f"--callgrind-out-file={out}", *inside]
    with subprocess.Popen(command, env=environ(url), stderr=subprocess.DEVNULL) as process:
        pass
    if process.returncode:
        sys.exit(f"This has failed: {command}")
    addresses = names_of(process.pid)
    names = {}
    for line in addresses.read_text().splitlines():
        address, _, name = line.split(" ", 2)
        names[int(address, 16)] = name.split(":")[2]
    addresses.unlink()
    found: Counter[str] = Counter()
    known: dict[str, str] = {}
    function, is_call = "", False
    for line in out.read_text().splitlines():
        if match := re.match(r"(c?)fn=(\(\d+\))(?: (.*))?", line):
            callee, key, name = match.groups()
            known.setdefault(key, name)
            if not callee:
                at = re.match("0x[0-9a-f]+", known[key])
                function = names.get(int(at[0], 16), "") if at else ""
        elif is_call and function:
            found[function] += int(line.split()[1])
        is_call = line.startswith("calls=")
    return found


def layers(url: str, kind: str, out: Path) -> dict[str, int]:
    """Return the instructions of one request of a kind, by the application's layers."""
    few, many = (count(url, kind, number, out) for number in (FEW, MANY))
    each = {name: (many[name] - few[name]) / (MANY - FEW) for name in many}
    found = {}
    for layer, functions in LAYERS.items():
        plus, _, minus = functions.partition(" - ")
        taken = sum(each.get(name, 0) for name in plus.split())
        found[layer] = round(taken - sum(each.get(name, 0) for name in minus.split()))
    # What is left of the application: Flask's dispatch, our decorators and views.
    found["dispatch and views"] = round(each["RequestLog.__call__"]) - sum(found.values())
    return found


def whole(url: str, folder: Path) -> dict[str, int]:
    """Return the instructions of one request of each kind that a worker takes in all."""
    traced = [*CALLGRIND, "--trace-children=yes", "--instr-atstart=no"]
    traced += [f"--callgrind-out-file={folder}/worker.%p", sys.executable, "-X", "perf"]
    process, port = one_worker.start(*traced, **environ(url))
    worker = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0]

    def control(*what: str) -> None:
        subprocess.run(["callgrind_control", *what, worker], check=True, capture_output=True)

    found = {}
    try:
        for kind in KINDS:
            request = cases[kind].make(f"http://127.0.0.1:{port}")[0]
            control("--instr=on")
            for _ in range(FEW):
                send(request)
            control("--zero")
            for _ in range(MANY - FEW):
                send(request)
            control(f"--dump={kind}")
            *_, newest = sorted(folder.glob("worker.*.*"), key=lambda path: path.stat().st_mtime_ns)
            total = re.search(r"^totals: (\d+)", newest.read_text(), re.MULTILINE)
            found[kind] = int(total[1]) // (MANY - FEW) if total else 0
    finally:
        process.terminate()
        process.wait()
        for one in (process.pid, worker):
            names_of(one).unlink(missing_ok=True)
    return found


def main() -> None:
    """Count, print the table, and write or check the committed one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if a request has grown by 5 %%")
    parser.add_argument("--inside", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        serve(options.inside[0], int(options.inside[1]))
        return
    if sys.version_info < (3, 12) or not shutil.which("callgrind_control"):
        sys.exit("To count instructions, Python 3.12 or later and Valgrind are needed.")
    VAR.mkdir(parents=True, exist_ok=True)
    with (
        database.postgresql(VAR / "postgresql") as postgresql,
        tempfile.TemporaryDirectory() as out,
    ):
        [ours] = (
            server for server in read_servers(one_worker.ROOT, "ours") if server.name == "ours"
        )
        url = ours.prepare(postgresql)
        found = {kind: layers(url, kind, Path(out) / "counts") for kind in KINDS}
        for kind, total in whole(url, Path(out)).items():
            found[kind]["server, socket, event loop"] = total - sum(found[kind].values())
            found[kind]["all"] = total
    print("| Layer |", " | ".join(KINDS), "|")
    print("|---|" + "--:|" * len(KINDS))
    for layer in found["get"]:
        print(f"| {layer} |", " | ".join(f"{found[kind][layer]:,}" for kind in KINDS), "|")
    if not options.check:
        COMMITTED.write_text(json.dumps(found, indent=2) + "\n")
        return
    before = json.loads(COMMITTED.read_text())
    grown = [kind for kind in KINDS if found[kind]["all"] > GROWTH * before[kind]["all"]]
    if grown:
        sys.exit(f"More than 5 % more instructions than in {COMMITTED.name}: {', '.join(grown)}")


if __name__ == "__main__":
    main()
