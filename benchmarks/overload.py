"""Latency at half, at all, and at twice the load that saturates each server.

    .venv/bin/python benchmarks/overload.py --only ours fastapi get

README.md in this folder says what the columns are.
"""

import argparse
import fcntl
import os
import resource
from collections.abc import Iterator
from functools import partial
from math import inf
from urllib.parse import urlsplit

import database
import load
import open_loop
from cases import CASES, Case, line
from requests import Request
from servers import HERE, VAR, Server, read_servers

LOADS = {"half": 0.5, "all": 1, "twice": 2}
COLUMNS = (
    "Request | Server | Connections | Load | Asked/s | Answered/s | 503 | Other | Lost "
    "| p50 ms | p99 ms | p99.9 ms | Late ms"
)


def parse_arguments() -> argparse.Namespace:
    """Read the command line; add the servers and kinds of request to be measured."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement; default 5")
    parser.add_argument("--connections", type=int, nargs="+", default=[16, 1000])
    parser.add_argument("--only", nargs="+", default=["get"], help="names of servers and requests")
    options = parser.parse_args()
    servers = read_servers(HERE.parent, "ours")
    options.servers = [server for server in servers if server.name in options.only] or servers
    options.cases = [case for case in CASES if case.name in options.only] or CASES[:1]
    return options


def raw(request: Request) -> bytes:
    """Return a request as it is sent."""
    ready = request.prepare()
    head = {"Host": "localhost", **ready.headers}
    lines = [f"{ready.method} {ready.path_url} HTTP/1.1", *(": ".join(one) for one in head.items())]
    return "\r\n".join([*lines, "", ""]).encode() + (ready.body or b"")


def measure(
    server: Server, url: str, case: Case, postgresql: int, options: argparse.Namespace
) -> Iterator[str]:
    """Run a server; yield the row of each load."""
    database.execute(url, "VACUUM ANALYZE")
    with server.serving(url) as (process, root):
        requests = case.make(root)
        (VAR / "requests.tsv").write_text("".join(map(line, requests)))
        how = root, case.status, options.seconds, min(options.connections)
        # The first time, connections are opened and statements prepared.
        load.run_wrk(*how)
        most = load.measure(process, postgresql, *how).rate
        send = partial(open_loop.run, urlsplit(root).port, [*map(raw, requests)])
        for connections in options.connections:
            for name, part in LOADS.items():
                run = partial(send, most * part, options.seconds, connections)
                found, *_ = load.balanced(process, run)
                yield f"{case.name} | {server.name} | {connections} | {name} | {row(found)}"


def row(found: open_loop.Answers) -> str:
    """Write what came of a load."""
    refused = found.statuses[503]
    lost = found.number - found.statuses.total() + found.statuses[0]
    other = found.number - len(found.seconds) - refused - lost
    if found.without_retry_after:
        raise SystemExit(f"{found.without_retry_after} answers with 503 have no Retry-After.")
    percentiles = [found.percentile(part) for part in (50, 99, 99.9)]
    waits = " | ".join("-" if it == inf else f"{it:,.1f}" for it in percentiles)
    late = sorted(found.late)[len(found.late) * 99 // 100] * 1000
    rates = f"{found.rate:,.0f} | {len(found.seconds) / found.elapsed:,.0f}"
    return f"{rates} | {refused} | {other} | {lost} | {waits} | {late:.1f}"


def main() -> None:
    """Print the table."""
    options = parse_arguments()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    VAR.mkdir(parents=True, exist_ok=True)
    with (VAR / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with database.postgresql(VAR / "postgresql") as postgresql:
            _, process = database.inspect(postgresql)
            print(f"| {COLUMNS} |\n|---|---|--:|---|" + "--:|" * (COLUMNS.count("|") - 3))
            for server in options.servers:
                url = server.prepare(postgresql)
                for case in options.cases:
                    for found in measure(server, url, case, process, options):
                        print(f"| {found} |", flush=True)
    print(f"\nLoad of the machine at the end: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
