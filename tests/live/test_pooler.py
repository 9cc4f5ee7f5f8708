"""A transaction-pooling PgBouncer stands between the service and PostgreSQL."""

import subprocess

import pytest
from tools.load import Load
from tools.pgbouncer import needs_pgbouncer, pgbouncer
from tools.postgres import new_server
from tools.server import BIN, ROOT, environment

pytestmark = needs_pgbouncer


def test_service_is_the_same_behind_a_pooler(serve, database_url, user, tmp_path):
    with pgbouncer(tmp_path, database_url) as url:
        address = url.set(drivername="postgres").render_as_string(hide_password=False)
        server = serve(DATABASE_URL=address, AUTH="none", WEB_CONCURRENCY=2)
        smoke = [ROOT / "tests" / "smoke.sh", server.url]
        result = subprocess.run(smoke, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout + result.stderr
        load = Load(f"{server.url}/api/{user}")
        with load.running():
            load.go_on(20)


@pytest.mark.long
# Many tests in one.
@pytest.mark.timeout(300)
def test_tests_of_what_clients_see_pass_behind_a_pooler(tmp_path):
    with new_server() as server:
        server.initialise()
        server.start()
        # Four connections for each database: tests hold some while others wait.
        with pgbouncer(tmp_path, server.url, pool_size=4, ignored="options") as url:
            address = url.set(drivername="postgres").render_as_string(hide_password=False)
            options = ("-q", "--no-header", "-p", "no:cacheprovider", "-p", "tools.black_box")
            result = subprocess.run(
                [BIN / "pytest", *options, *("-m", "not long"), "--ignore=tests/live"],
                cwd=ROOT,
                env=environment(TEST_DATABASE_URL=address, PYTHONPATH=ROOT / "tests"),
                capture_output=True,
                text=True,
                check=False,
            )
    assert result.returncode == 0, result.stdout + result.stderr
