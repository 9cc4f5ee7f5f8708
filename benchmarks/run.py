"""Measure the service beside other ways to write it: README.md in this folder says how."""

from __future__ import annotations

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

import chart
import database
import load
import report
from cases import CASES, Case
from servers import ROOT, VAR, Server, all_servers

WARM_UP_SECONDS = 1


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="default 3")
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement; default 5")
    parser.add_argument("--connections", type=int, default=16, help="at once; default 16")
    parser.add_argument("--base", type=Path, help="another checkout, measured as `base`")
    parser.add_argument("--chart", type=Path, default=VAR / "speed.svg", help="where to draw it")
    parser.add_argument("--only", nargs="+", default=[], help="names of servers and of requests")
    return parser.parse_args()


def choose(items: list[Any], names: list[str]) -> list[Any]:
    """Return the items that are named; all, where none is."""
    return [item for item in items if item.name in names] or items


def shape(answer: Any) -> Any:
    """Return what all servers' answers must have in common: the length of a list, the members."""
    if isinstance(answer, list):
        return len(answer), [shape(item) for item in answer[:1]]
    return sorted(answer) if isinstance(answer, dict) else answer


def measure(
    server: Server, cases: list[Case], postgresql: str, options: argparse.Namespace
) -> Iterator[tuple[str, Any, load.Figures]]:
    """Run a server; yield each kind of request, the shape of its answer, and the figures."""
    # Autovacuum would do it at a random moment.
    database.execute(database.url_of(postgresql, server.database), "VACUUM ANALYZE")
    with server.serving(postgresql) as (process, port):
        for case in cases:
            if case.ours and not server.ours:
                continue
            requests = case.make(port)
            answer = requests[0].send(port)
            if answer.status_code != case.status:
                raise SystemExit(f"{server.name} answers {case.name} with {answer.status_code}")
            (VAR / "requests.tsv").write_text("".join(request.line() for request in requests))
            load.run_wrk(port, case.status, WARM_UP_SECONDS, options.connections)
            how = port, case.status, options.seconds, options.connections
            figures = load.measure(process, database.main_process(postgresql), *how)
            yield case.name, shape(answer.json() if answer.content else None), figures


def measure_rounds(
    servers: list[Server], cases: list[Case], postgresql: str, options: argparse.Namespace
) -> report.Rounds:
    """Measure all servers in each round, a different one first each time."""
    for server in servers:
        say(f"preparing {server.name}")
        server.prepare(postgresql)
    rounds, shapes = defaultdict(list), {}
    for number in range(options.rounds):
        first = number % len(servers)
        for server in (*servers[first:], *servers[:first]):
            say(f"round {number + 1} of {options.rounds}: {server.name}")
            for case, found, figures in measure(server, cases, postgresql, options):
                if shapes.setdefault(case, found) != found:
                    raise SystemExit(f"{server.name} {case}: {found}, others {shapes[case]}")
                rounds[server.name, case].append(figures)
    return rounds


def describe(postgresql: str, options: argparse.Namespace) -> dict[str, str]:
    """Return what the figures are measured on, and how."""
    git = ("git", "-C", str(ROOT), "describe", "--always", "--dirty")
    [(version,)] = database.execute(postgresql, "SHOW server_version")
    return {
        "Date": datetime.now(UTC).isoformat(timespec="minutes"),
        "Commit": subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip(),
        "Machine": f"{os.cpu_count()} cores, load before the run {os.getloadavg()[0]:.1f}",
        "Versions": f"Python {platform.python_version()}, PostgreSQL {version}",
        "Rounds": f"{options.rounds}, of {options.seconds} s; {options.connections} connections",
    }


def say(text: str) -> None:
    """Print how far the run is, on stderr: stdout is for the tables."""
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Measure and report."""
    options = parse_arguments()
    servers, cases = all_servers(options.base), list(CASES)
    unknown = set(options.only) - {item.name for item in (*servers, *cases)}
    if unknown:
        raise SystemExit(f"--only: there is no {', '.join(unknown)}")
    servers, cases = choose(servers, options.only), choose(cases, options.only)
    # A run that is ended by a signal ends its servers, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    VAR.mkdir(parents=True, exist_ok=True)
    with (VAR / "lock").open("w") as lock:
        # Another run would use the same databases, and the same cores: wait for its end.
        fcntl.flock(lock, fcntl.LOCK_EX)
        with database.postgresql(VAR / "postgresql") as postgresql:
            run = describe(postgresql, options)
            rounds = measure_rounds(servers, cases, postgresql, options)
    results = [[*key, [asdict(figures) for figures in found]] for key, found in rounds.items()]
    (VAR / "results.json").write_text(json.dumps({"run": run, "results": results}, indent=2))
    options.chart.write_text(chart.draw(rounds, servers))
    facts = "\n".join(f"- {name}: {value}" for name, value in run.items())
    tables = report.short_table(rounds, servers), report.full_table(rounds, servers)
    print(*tables, facts, sep="\n\n")


if __name__ == "__main__":
    main()
