"""A PgBouncer in transaction mode: each transaction may get another session of PostgreSQL."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from local_postgres.server import as_owner
from tools.server import free_port

needs_pgbouncer = pytest.mark.skipif(
    not shutil.which("pgbouncer"), reason="pgbouncer is not installed"
)

CONFIG = """
[databases]
* = {server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {pool_size}
max_client_conn = {clients}
ignore_startup_parameters = {ignored}
logfile = {log}
"""


@contextmanager
def pgbouncer(
    directory: Path, database: sa.URL, pool_size: int = 2, clients: int = 100, ignored: str = ""
) -> Iterator[sa.URL]:
    """Run one in front of a database's server as long as the block runs.

    Args:
        directory: where its files are.
        pool_size: how many connections it has to each database.
        clients: how many connections it accepts.
        ignored: start-up parameters that it ignores instead of refusing them.
    """
    config, log, port = directory / "pgbouncer.ini", directory / "pgbouncer.log", free_port()
    place = database.translate_connect_args(username="user") | dict(database.query)
    place.pop("database")
    server = " ".join(f"{name}={value}" for name, value in place.items())
    config.write_text(
        CONFIG.format(
            server=server, port=port, pool_size=pool_size, clients=clients, ignored=ignored, log=log
        )
    )
    log.touch()
    # It refuses to run as root, and only root may open the socket of root's embedded server.
    nobody = pwd.getpwnam("nobody").pw_uid
    os.chown(log, nobody if os.geteuid() == 0 else -1, -1)
    pooler = subprocess.Popen([*as_owner(log), "pgbouncer", "-q", config])
    try:
        while not accepts(port):
            assert pooler.poll() is None, log.read_text()
            time.sleep(0.05)
        yield database.set(host="127.0.0.1", port=port, query={})
    finally:
        pooler.terminate()
        pooler.wait()


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True
