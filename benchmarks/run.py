"""Measure the service beside other ways to write it: README.md in this folder says how."""

import argparse
import fcntl
import json
import os
import platform
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import database
import load
from cases import CASES, line, send
from report import Report
from requests import Response
from servers import HERE, VAR, Server, read_servers

WARM_UP_SECONDS = 1


def parse_arguments() -> argparse.Namespace:
    """Read the command line; add the servers and kinds of request to be measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="default 3")
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement; default 5")
    parser.add_argument("--connections", type=int, default=16, help="at once; default 16")
    parser.add_argument("--base", type=Path, help="another checkout, measured as `base`")
    parser.add_argument("--chart", type=Path, default=VAR / "speed.svg", help="where to draw it")
    parser.add_argument("--only", nargs="+", default=[], help="names of servers and of requests")
    options = parser.parse_args()
    servers = read_servers(HERE.parent, "ours")
    if options.base:
        others = read_servers(options.base.resolve(), "base")
        servers = [*(server for server in others if server.ours), *servers]
    unknown = set(options.only) - {item.name for item in (*servers, *CASES)}
    if unknown:
        parser.error(f"--only: there is no {', '.join(unknown)}")
    options.servers = [server for server in servers if server.name in options.only] or servers
    options.cases = [case for case in CASES if case.name in options.only] or CASES
    return options


def measure(
    server: Server, url: str, postgresql: int, options: argparse.Namespace
) -> Iterator[tuple[str, Any, load.Figures]]:
    """Run a server; yield each kind of request, the shape of its answer, and the figures."""
    # Autovacuum would do it at a random moment.
    database.execute(url, "VACUUM ANALYZE")
    with server.serving(url) as (process, root):
        for case in options.cases:
            if case.ours and not server.ours:
                continue
            requests = case.make(root)
            answer = send(requests[0])
            if answer.status_code != case.status:
                raise SystemExit(f"{server.name} answers {case.name} with {answer.status_code}")
            (VAR / "requests.tsv").write_text("".join(map(line, requests)))
            load.run_wrk(root, case.status, WARM_UP_SECONDS, options.connections)
            how = root, case.status, options.seconds, options.connections
            yield case.name, shape(answer), load.measure(process, postgresql, *how)


def shape(answer: Response) -> Any:
    """Return what all servers' answers have in common: the number of tasks, and their members."""
    content = answer.json() if answer.content else []
    tasks = content if isinstance(content, list) else [content]
    return len(tasks), [sorted(task) for task in tasks[:1]]


def measure_rounds(postgresql: str, process: int, options: argparse.Namespace) -> dict[Any, Any]:
    """Measure all servers in each round, a different one first each time."""
    servers, rounds, shapes = options.servers, defaultdict(list), {}
    urls = {server: server.prepare(postgresql) for server in servers}
    for number in range(options.rounds):
        first = number % len(servers)
        for server in (*servers[first:], *servers[:first]):
            print(f"round {number + 1} of {options.rounds}: {server.name}", file=sys.stderr)
            for case, found, figures in measure(server, urls[server], process, options):
                if shapes.setdefault(case, found) != found:
                    raise SystemExit(f"{server.name} answers {case} with {found}, unlike others")
                rounds[server.name, case].append(figures)
    return rounds


def main() -> None:
    """Measure and report."""
    options = parse_arguments()
    # A run that is ended by a signal ends its servers, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    VAR.mkdir(parents=True, exist_ok=True)
    git = ("git", "-C", str(HERE), "describe", "--always", "--dirty")
    run = {
        "Date": datetime.now(UTC).isoformat(timespec="minutes"),
        "Commit": subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip(),
        "Machine": f"{os.cpu_count()} cores, load before the run {os.getloadavg()[0]:.1f}",
        "Rounds": f"{options.rounds}, of {options.seconds} s; {options.connections} connections",
    }
    with (VAR / "lock").open("w") as lock:
        # Another run would use the same databases, and the same cores: wait for its end.
        fcntl.flock(lock, fcntl.LOCK_EX)
        with database.postgresql(VAR / "postgresql") as postgresql:
            version, process = database.inspect(postgresql)
            run["Versions"] = f"Python {platform.python_version()}, PostgreSQL {version}"
            report = Report(options.servers, measure_rounds(postgresql, process, options), run)
    results = [[*key, *map(asdict, figures)] for key, figures in report.rounds.items()]
    (VAR / "results.json").write_text(json.dumps({"run": run, "results": results}, indent=2))
    if report.complete():
        options.chart.write_text(report.render("speed.svg"))
    print(report.render("report.md"))


if __name__ == "__main__":
    main()
