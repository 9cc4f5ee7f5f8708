"""A database that allows fewer connections than the workers' pools may hold."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import requests
import sqlalchemy as sa

CONNECTED = sa.text("SELECT count(*) FROM pg_stat_activity WHERE usename = :role")


def test_requests_share_the_few_connections_that_the_database_allows(serve, database, allow):
    limited = allow(3)
    url = limited.set(drivername="postgres").render_as_string(hide_password=False)
    server = serve(DATABASE_URL=url, AUTH="none", WEB_CONCURRENCY=2, DATABASE_POOL_SIZE=10)
    # Each worker opens one when it starts.
    while database.scalar(CONNECTED, {"role": limited.username}) < 2:
        assert server.process.poll() is None
    tasks = f"{server.url}/api/{uuid4()}/tasks"

    def ask(_: int) -> Counter[int]:
        with requests.Session() as session:
            return Counter(session.post(tasks, json={"title": "x"}).status_code for _ in range(20))

    with ThreadPoolExecutor(30) as threads:
        assert sum(threads.map(ask, range(30)), Counter()) == {201: 600}
