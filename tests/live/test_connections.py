"""A database that allows fewer connections than the workers' pools may hold."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import requests
import sqlalchemy as sa
from tools.pgbouncer import needs_pgbouncer, pgbouncer
from tools.server import Server

CONNECTED = sa.text("SELECT count(*) FROM pg_stat_activity WHERE usename = :role")


def settings(url: sa.URL) -> dict[str, object]:
    address = url.set(drivername="postgres").render_as_string(hide_password=False)
    return {"DATABASE_URL": address, "AUTH": "none", "DATABASE_POOL_SIZE": 10}


def statuses(server: Server) -> Counter[int]:
    """What 30 clients get that create 5 tasks each, at once."""
    tasks = f"{server.url}/api/{uuid4()}/tasks"

    def create(_: int) -> Counter[int]:
        with requests.Session() as session:
            return Counter(session.post(tasks, json={"title": "x"}).status_code for _ in range(5))

    with ThreadPoolExecutor(30) as threads:
        return sum(threads.map(create, range(30)), Counter())


def test_requests_share_the_few_connections_that_the_database_allows(serve, database, allow):
    limited = allow(3)
    server = serve(**settings(limited), WEB_CONCURRENCY=2)
    # Each worker opens one when it starts.
    while database.scalar(CONNECTED, {"role": limited.username}) < 2:
        assert server.process.poll() is None
    assert statuses(server) == {201: 150}


@needs_pgbouncer
def test_requests_share_the_few_connections_that_a_pooler_allows(serve, database_url, tmp_path):
    with pgbouncer(tmp_path, database_url, clients=3) as url:
        server = serve(**settings(url), WEB_CONCURRENCY=1)
        assert statuses(server) == {201: 150}
