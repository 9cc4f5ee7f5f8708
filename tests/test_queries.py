"""What reaches PostgreSQL: one statement for each operation, about one user, by an index."""

from __future__ import annotations

from uuid import uuid4

import pytest
import sqlalchemy as sa
from conftest import names_one_user
from sqlalchemy.dialects.postgresql import psycopg2

from tasks_api.tasks.listing import _statement
from tasks_api.tasks.models import NEWEST_FIRST


@pytest.mark.parametrize(
    ("method", "suffix", "body"),
    [
        ("post", "", {"title": "x"}),
        ("get", "", None),
        ("get", "?completed=true&offset=1", None),
        ("get", "/{id}", None),
        ("put", "/{id}", {"title": "x", "completed": True}),
        ("put", "/{id}", {}),
        ("delete", "/{id}", None),
        ("patch", "/{id}/complete", None),
        ("patch", "/{id}/complete", {"completed": True}),
        ("put", f"/{uuid4()}", {"title": "x"}),
    ],
)
def test_each_operation_is_one_statement(client, path, make_task, statements, method, suffix, body):
    task = make_task()
    statements.clear()
    response = getattr(client, method)(path + suffix.format(**task), json=body)
    assert response.status_code < 500
    assert len(statements) == 1


def test_refused_requests_never_reach_the_database(client, path, statements):
    client.post(path, json={"title": ""})
    client.get(f"{path}?limit=0")
    client.get("/api/not-a-uuid/tasks")
    assert statements == []


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM tasks WHERE tasks.id = %(task)s",
        "SELECT * FROM tasks WHERE tasks.user_id = %(user)s UNION SELECT * FROM tasks",
        "SELECT * FROM tasks WHERE tasks.user_id = users.id",
        "DELETE FROM tasks",
    ],
)
def test_the_check_of_every_statement_can_fail(statement):
    """`conftest` applies it to all that the application sends while the tests run."""
    assert not names_one_user(statement)


def listing(sort=NEWEST_FIRST, *filters, trash=False, seek=False, count=False):
    return _statement(frozenset(filters), sort, trash=trash, seek=seek, count=count)


def plan(connection, statement, **parameters):
    """Ask PostgreSQL how it would run a statement of ours; give the nodes of its plan."""
    sql = str(statement.compile(dialect=psycopg2.dialect()))
    [[explained]] = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {sql}", parameters)

    def nodes(node):
        yield node
        for inner in node.get("Plans", []):
            yield from nodes(inner)

    return list(nodes(explained[0]["Plan"]))


@pytest.fixture(scope="module")
def crowd(database):
    """A user with many tasks among others: small tables would be read whole."""
    user = uuid4()
    for who, count in [(user, 5000), *((uuid4(), 500) for _ in range(20))]:
        given = {"user": who, "count": count}
        database.execute(sa.text("INSERT INTO users (id, revision) VALUES (:user, :count)"), given)
        tasks = (
            "INSERT INTO tasks (user_id, id, title, revision, created_at) "
            "SELECT :user, gen_random_uuid(), 'task ' || n, n, now() + n * interval '1 s' "
            "FROM generate_series(1, :count) AS n"
        )
        database.execute(sa.text(tasks), given)
    database.execute(sa.text("ANALYZE users, tasks"))
    return user


def test_newest_first_is_served_by_the_index_without_a_sort(database, crowd):
    nodes = plan(database, listing(), user=crowd, known=[], limit=50, offset=0)
    assert "Sort" not in {node["Node Type"] for node in nodes}
    assert "ix_tasks_live" in {node.get("Index Name") for node in nodes}
