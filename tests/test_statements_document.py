"""docs/statements.sql has every statement of the service, as PostgreSQL takes it."""

import re
import subprocess
import sys

import pytest
from tools.databases import connect
from tools.server import ROOT

DOCUMENT = (ROOT / "docs" / "statements.sql").read_text()
# Each begins with its name, and ends with its semicolon.
STATEMENTS = dict(re.findall(r"^-- (tasks_api\..+)\n(?:-- .+\n)*([^;]+);$", DOCUMENT, re.MULTILINE))


def test_document_has_what_the_service_sends():
    written = subprocess.check_output([sys.executable, ROOT / "docs" / "statements.py"], text=True)
    assert written == DOCUMENT, "run `make statements`"


@pytest.fixture(scope="module")
def session(database_url):
    with connect(database_url) as connection:
        yield connection


@pytest.mark.parametrize("sql", STATEMENTS.values(), ids=STATEMENTS)
def test_statement_can_be_pasted(session, sql):
    session.exec_driver_sql(sql.replace("%", "%%"))
    [name] = re.findall(r"^PREPARE (\w+)", sql)
    prepared = "SELECT count(*) FROM pg_prepared_statements WHERE name = %s"
    assert session.exec_driver_sql(prepared, (name,)).scalar() == 1


def test_every_statement_is_under_its_name():
    assert DOCUMENT.count("\nPREPARE ") == len(STATEMENTS)
