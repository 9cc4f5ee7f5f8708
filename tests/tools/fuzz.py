"""Try the real gunicorn with thousands of requests that nobody thought of.

    python tests/tools/fuzz.py [--cases 10000] [--seed 1]

schemathesis makes them from the OpenAPI document, all its kinds and all its checks, as
`tests/test_contract.py` sets it up. As many others have any headers and paths:
`tests/tools/wild.py`. It fails on any failed check and any 5xx in the server's log.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

TESTS = Path(__file__).parents[1]
# As pytest does it for the tests.
sys.path.insert(0, str(TESTS))

from hypothesis import HealthCheck, given, seed, settings  # noqa: E402
from test_contract import CONFIG  # noqa: E402

from tools import wild  # noqa: E402
from tools.server import BIN, Server, launch  # noqa: E402

GENERATED = re.compile(r"([\d,]+) generated")
# How many operations have enough inputs for as many cases as they may have.
VARIED_OPERATIONS = 12


def fuzz(server: Server, directory: Path, cases: int, seed: int) -> tuple[int, int]:
    """Run schemathesis; give its exit status and the number of cases that it ran."""
    config = directory / "schemathesis.toml"
    # There, each run is the same; here, the seed tells.
    config.write_text(CONFIG.replace("deterministic = true\n", ""))
    command = [
        BIN / "st",
        *("--config-file", config),
        *("run", f"{server.url}/openapi.json"),
        *("--checks", "all"),
        *("--mode", "all"),
        *("--phases", "examples,coverage,fuzzing,stateful"),
        *("--seed", str(seed)),
        *("--max-examples", str(-(-cases // VARIED_OPERATIONS))),
        "--continue-on-failure",
        "--no-color",
    ]
    # The hooks are the tests' own.
    env = os.environ | {"SCHEMATHESIS_HOOKS": "test_contract", "PYTHONPATH": str(TESTS)}
    process = subprocess.Popen(
        list(map(str, command)), cwd=directory, env=env, stdout=subprocess.PIPE, text=True
    )
    ran = 0
    for line in process.stdout or ():
        print(line, end="", flush=True)  # noqa: T201
        if found := GENERATED.search(line):
            ran = int(found[1].replace(",", ""))
    return process.wait(), ran


def fuzz_wildly(server: Server, cases: int, number: int) -> bool:
    """Send requests with any headers and paths; return whether all are answered as they must be."""

    @seed(number)
    @settings(
        max_examples=cases, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(wild.REQUESTS)
    def run(request: wild.Request) -> None:
        wild.check(server.port, request)

    try:
        run()
    except Exception:
        traceback.print_exc()
        return False
    return True


def defects(log: Path) -> list[str]:
    """Give the lines of a log that tell of a 5xx or an error."""
    lines = [(line, json.loads(line)) for line in log.read_text().splitlines()]
    return [
        line
        for line, entry in lines
        if entry.get("status", 0) >= 500 or entry["level"] in {"ERROR", "CRITICAL"}
    ]


def main() -> int:
    """Run it; give the exit status."""
    parser = argparse.ArgumentParser(description="Fuzz the real server along its document.")
    parser.add_argument("--cases", type=int, default=10_000, help="how many at the least")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tasks-api-fuzz-") as name:
        directory = Path(name)
        server = launch(directory, WEB_CONCURRENCY=1, **wild.SETTINGS)
        started = time.monotonic()
        try:
            status, ran = fuzz(server, directory, arguments.cases, arguments.seed)
            passed = fuzz_wildly(server, arguments.cases, arguments.seed)
        finally:
            server.stop()
        seconds = time.monotonic() - started
        found = defects(server.log)
    print("\n".join(found[:20]))  # noqa: T201
    print(f"{ran} + {arguments.cases} cases in {seconds:.0f} s")  # noqa: T201
    print(f"{len(found)} lines of defects in the log")  # noqa: T201
    if ran < arguments.cases:
        print(f"fewer cases than the {arguments.cases} that were wanted")  # noqa: T201
    return int(status != 0 or not passed or bool(found) or ran < arguments.cases)


if __name__ == "__main__":
    sys.exit(main())
