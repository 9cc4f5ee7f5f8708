"""What PostgreSQL does for each operation among 10,000 tasks, and among 10 million.

    .venv/bin/python benchmarks/sizes.py [--plans] [OPERATION …]

It needs 6 GB in var/, and the first time a quarter of an hour to fill them. The embedded
PostgreSQL is used, or that of BENCH_DATABASE_URL.
"""

import argparse
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import psycopg2
import sqlalchemy as sa
from database import execute, postgresql, url_of
from flask.testing import FlaskClient
from psycopg2 import extensions
from servers import VAR
from sqlalchemy import event

from tasks_api.app import create_app
from tasks_api.config import Config
from tasks_api.database import execution, migrations
from tasks_api.database.engine import new_engine
from tasks_api.tasks.lists import cursors
from tasks_api.tasks.upkeep.purge import PURGE

# How many users there are beside the first one, and how many tasks that one has.
DATABASES = {"sizes_small": (0, 10_000), "sizes_large": (100_000, 100_000)}
# How many tasks each of the other users has.
EACH = 99
NEW = {"title": "Buy oat milk", "description": "Two cartons, the barista kind."}


class Person(NamedTuple):
    """A user, as who requests are sent."""

    client: FlaskClient
    number: int
    tasks: int

    @property
    def id(self) -> str:
        """Return the id."""
        return f"00000000-0000-4000-8000-{self.number:012x}"

    @property
    def task(self) -> str:
        """Return the path of a task in the middle."""
        number = self.tasks // 20 * 10
        return f"/tasks/00000000-{number % 65536:04x}-7000-8000-{number:012x}"

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """Send a request; return the body of the answer."""
        answer = self.client.open(f"/api/{self.id}{path}", method=method, **more)
        assert answer.status_code < 300, answer.text
        return answer.json

    def page(self, sort: str) -> None:
        """Ask for a page from the middle of a list."""
        [task] = self.ask("GET", f"/tasks?sort={sort}&limit=1&offset={self.tasks // 3}")
        place = cursors.Place(sort, task[sort.removeprefix("-")], UUID(task["id"]))
        self.ask("GET", f"/tasks?sort={sort}&cursor={cursors.write(place)}")

    def purge(self) -> None:
        """Remove what was deleted 30 days ago, at most 1,000 tasks."""
        with self.client.application.app_context():
            execution.execute(PURGE, user_id=UUID(self.id), age=timedelta(days=30))


OPERATIONS: dict[str, Callable[[Person], Any]] = {
    "get": lambda who: who.ask("GET", who.task),
    "put": lambda who: who.ask("PUT", who.task, json=NEW),
    "post": lambda who: who.ask("POST", "/tasks", json=NEW),
    "list": lambda who: who.ask("GET", "/tasks"),
    "page from the middle": lambda who: who.page("-created_at"),
    "page by position": lambda who: who.page("position"),
    "count": lambda who: who.ask("GET", "/tasks?count=true"),
    "search": lambda who: who.ask("GET", "/tasks?q=nowhere"),
    "changes": lambda who: who.ask("GET", f"/changes?since={max(1, who.tasks - 1000)}"),
    "clear": lambda who: who.ask("DELETE", "/tasks?completed=true"),
    "purge": Person.purge,
}


class Explaining(extensions.cursor):
    """Explains what is sent, and takes it back, so that the next one finds the same."""

    plans: list[dict[str, Any]] = []  # noqa: RUF012

    def execute(self, query: Any, parameters: Any = None) -> None:
        """Explain a prepared statement; then run it for those who asked."""
        prepare, _, sql = self.mogrify(query, parameters).decode().rpartition("; ")
        if not sql.startswith("EXECUTE"):
            super().execute(query, parameters)
            return
        if prepare:
            super().execute(prepare)
        found = []
        # After five executions PostgreSQL decides whether one plan serves all.
        for _ in range(15):
            super().execute(f"BEGIN; EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}")
            found += self.fetchone()[0]
            super().execute("ROLLBACK")
        self.plans.append(min(found[5:], key=lambda plan: plan["Execution Time"]))
        super().execute(f"BEGIN; {sql}")
        with self.connection.cursor(cursor_factory=extensions.cursor) as other:
            other.execute("ROLLBACK")


def filled(server: str, name: str) -> sa.URL:
    """Return the URL of a database, which is made if it isn't there."""
    url, new = (url_of(server, one) for one in (name, f"{name}_new"))
    made = sa.make_url(url).set(drivername="postgresql+psycopg2")
    try:
        psycopg2.connect(url).close()
    except psycopg2.OperationalError:
        execute(server, f"DROP DATABASE IF EXISTS {name}_new")
        execute(server, f"CREATE DATABASE {name}_new TEMPLATE template0 ENCODING 'UTF8'")
        migrations.upgrade(new_engine(made.set(database=f"{name}_new")))
        people, many = DATABASES[name]
        fill = Path(__file__).with_suffix(".sql").read_text()
        execute(new, fill.format(people=people, each=EACH, many=many))
        execute(server, f"ALTER DATABASE {name}_new RENAME TO {name}")
    execute(url, "VACUUM ANALYZE")
    return made


def explained_client(url: sa.URL) -> FlaskClient:
    """Return a client of the service whose statements are explained."""
    config = Config(
        database_url=url, database_pool_size=1, statement_timeout_ms=0, log_level="ERROR"
    )
    app = create_app(config)

    @event.listens_for(app.extensions["database"].engine, "do_connect")
    def use_cursor(_dialect: Any, _record: Any, _args: Any, parameters: dict[str, Any]) -> None:
        parameters["cursor_factory"] = Explaining

    return app.test_client()


def reads(plan: dict[str, Any]) -> Iterator[str]:
    """Yield how tables are read, and sorted; how many rows are kept, and left out by a filter."""
    if "Relation Name" in plan or "Index Name" in plan or plan["Node Type"] == "Sort":
        what = plan.get("Index Name") or plan.get("Relation Name", "")
        kept, left = plan["Actual Rows"], plan.get("Rows Removed by Filter", 0)
        yield f"{plan['Node Type']} {what} ({kept:,.0f}, {left:,.0f})"
    for inner in plan.get("Plans", []):
        yield from reads(inner)


def pages(plan: dict[str, Any]) -> int:
    """Return how many pages of 8 KiB were looked at."""
    return int(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("only", nargs="*", metavar="OPERATION", help="default: all of them")
    parser.add_argument("--plans", action="store_true", help="how tables are read, too")
    options = parser.parse_args()
    VAR.mkdir(parents=True, exist_ok=True)
    found: dict[str, list[dict[str, Any]]] = {what: [] for what in options.only or OPERATIONS}
    heads = []
    with postgresql(VAR / "sizes") as server:
        for name, (people, many) in DATABASES.items():
            client = explained_client(filled(server, name))
            # The first user is the one with many tasks.
            for number, tasks in [(people // 2, EACH), (0, many)][not people :]:
                heads.append(f"{tasks:,} of {people * EACH + many:,}")
                for what, plans in found.items():
                    OPERATIONS[what](Person(client, number, tasks))
                    plans.append(Explaining.plans[-1])
                    if options.plans:
                        print(f"{what}, {heads[-1]}:", *reads(plans[-1]["Plan"]), sep="\n  ")
    print(f"| Operation | {' | '.join(heads)} | Last relative to first |")
    print("|---|" + "--:|" * (len(heads) + 1))
    for what, plans in found.items():
        times = [plan["Execution Time"] for plan in plans]
        cells = [f"{ms:.2f} ({pages(plan):,})" for ms, plan in zip(times, plans, strict=True)]
        print(f"| {what} | {' | '.join(cells)} | {times[-1] / times[0]:.1f} |")


if __name__ == "__main__":
    main()
