"""Print the CPU that PostgreSQL takes for a search that finds nothing: usual texts, and the worst.

.venv/bin/python benchmarks/searches.py [NUMBER OF TASKS, 10,000 if none is given]
"""

import os
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from database import execute, postgresql, url_of
from flask.testing import FlaskClient

from tasks_api.app import create_app
from tasks_api.config import Config
from tasks_api.database import migrations
from tasks_api.database.engine import new_engine

NUMBER = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
# Seconds of PostgreSQL's CPU, which the kernel counts in hundredths.
LONG_ENOUGH = 2
LETTERS = random.Random(8)

Task = dict[str, str | None]


def usual(number: int) -> Task:
    """Return a task with a title of 30 to 60 characters; every fifth has a description."""
    title = f"Buy two cartons of oat milk for the party on {number:015}"[: 30 + number % 31]
    return {"title": title, "description": None if number % 5 else "Two cartons, the barista kind."}


def random_texts(_: int) -> Task:
    """Return a task of the longest texts, which don't get shorter when they are compressed."""
    text = "".join(LETTERS.choices("abcdefghijklmnopqrstuvwxyz ", k=2000))
    return {"title": text[:255], "description": text}


def repeated(letter: str) -> Callable[[int], Task]:
    """Return what makes tasks of the longest texts of one letter."""
    return lambda _: {"title": letter * 255, "description": letter * 2000}


SEARCHES: list[tuple[str, Callable[[int], Task], str]] = [
    ("usual texts", usual, "nowhere"),
    ("the longest texts", random_texts, "nowhere"),
    ("a…a, for a…ab", repeated("a"), "a" * 254 + "b"),
    ("a…a, for ba…a", repeated("a"), "b" + "a" * 254),
    ("a…a, for a…aba…a", repeated("a"), "a" * 127 + "b" + "a" * 127),
    ("emoji, for the same and b", repeated("😀"), "😀" * 254 + "b"),
    ("each … is three dots, for ………b", repeated("…"), "…" * 254 + "b"),
]


def fill(client: FlaskClient, path: str, make: Callable[[int], Task]) -> None:
    """Create the tasks, as many at a time as a body has room for."""
    for start in range(0, NUMBER, 50):
        numbers = range(start, min(start + 50, NUMBER))
        answer = client.post(f"{path}/batch", json=[make(number) for number in numbers])
        assert answer.status_code == 201, answer.text


def cpu(backend: int) -> float:
    """Return the seconds of CPU that a process has used."""
    times = Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")


def measure(client: FlaskClient, path: str, q: str, backend: int) -> float:
    """Return the seconds of CPU of a search."""
    began, times = cpu(backend), 0
    while (used := cpu(backend) - began) < LONG_ENOUGH:
        answer = client.get(path, query_string={"q": q})
        assert (answer.status_code, answer.json) == (200, []), answer.text
        times += 1
    return used / times


with tempfile.TemporaryDirectory() as directory, postgresql(Path(directory)) as server:
    execute(server, "CREATE DATABASE searches")
    url = sa.make_url(url_of(server, "searches")).set(drivername="postgresql+psycopg2")
    migrations.upgrade(new_engine(url))
    config = Config(
        database_url=url, database_pool_size=1, statement_timeout_ms=0, log_level="ERROR"
    )
    app = create_app(config)
    pool = app.extensions["database"].pool
    connection = pool.take()
    process = connection.info.backend_pid
    pool.give_back(connection)
    for name, make_task, search in SEARCHES:
        tasks = f"/api/{uuid4()}/tasks"
        fill(app.test_client(), tasks, make_task)
        seconds = measure(app.test_client(), tasks, search, process)
        print(f"{name:32} {seconds * 1000:8.1f} ms", flush=True)
    pool.close()
