"""What reaches PostgreSQL: one statement for each operation, about one user, by an index."""

from __future__ import annotations

from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import psycopg2
from wire import names_one_user

from tasks_api.tasks import feed
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
        ("patch", "/{id}", {"tags": ["a"]}),
        ("post", "/{id}/restore", None),
        ("delete", "?completed=true", None),
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
        "SELECT * FROM tasks WHERE tasks.id = $1",
        "SELECT * FROM tasks WHERE tasks.user_id = $1 UNION SELECT * FROM tasks",
        "SELECT * FROM tasks WHERE tasks.user_id = $1 OR tasks.user_id = $2",
        "SELECT * FROM tasks WHERE tasks.user_id = users.id",
        "DELETE FROM tasks",
    ],
)
def test_the_check_of_every_statement_can_fail(statement):
    """`Wire` applies it to all that the application sends while the tests run."""
    assert not names_one_user(statement)


def listing(sort=NEWEST_FIRST, *filters, trash=False, seek=False, count=False):
    return _statement(frozenset(filters), sort, trash=trash, seek=seek, count=count)


def plan(connection, statement, **parameters):
    """Ask PostgreSQL how it runs a statement of ours; give the nodes of its plan."""
    sql = statement.compile(dialect=psycopg2.dialect())
    explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}"
    [[explained]] = connection.exec_driver_sql(explain, {**sql.params, **parameters})

    def nodes(node):
        yield node
        for inner in node.get("Plans", []):
            yield from nodes(inner)

    return list(nodes(explained[0]["Plan"]))


@pytest.fixture(scope="module")
def crowd(database):
    """A user with many tasks among others: small tables would be read whole."""
    user = uuid4()
    for who, count in [(user, 10_000), *((uuid4(), 1000) for _ in range(40))]:
        given = {"user": who, "count": count}
        database.execute(sa.text("INSERT INTO users (id, revision) VALUES (:user, :count)"), given)
        tasks = (
            "INSERT INTO tasks (user_id, id, title, revision, created_at, deleted_at) "
            "SELECT :user, gen_random_uuid(), 'task ' || n, n, now() + n * interval '1 s', "
            "CASE n % 10 WHEN 0 THEN now() END FROM generate_series(1, :count) AS n"
        )
        database.execute(sa.text(tasks), given)
    database.execute(sa.text("VACUUM ANALYZE users, tasks"))
    return user


def indexes(nodes):
    return {node["Index Name"] for node in nodes if "tasks" in node.get("Index Name", "")}


def rows_read(nodes):
    return max(
        node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        for node in nodes
        if node.get("Relation Name") == "tasks"
    )


@pytest.mark.parametrize(("trash", "index"), [(False, "ix_tasks_live"), (True, "ix_tasks_trash")])
def test_newest_first_is_served_by_an_index_without_a_sort(database, crowd, trash, index):
    statement = listing(trash=trash)
    nodes = plan(database, statement, user=crowd, known=[], limit=50, offset=0)
    assert "Sort" not in {node["Node Type"] for node in nodes}
    assert indexes(nodes) == {index}
    assert rows_read(nodes) == 50


def test_page_deep_in_a_walk_reads_no_more_than_the_first(database, crowd):
    middle = sa.text(
        "SELECT created_at, id FROM tasks WHERE user_id = :user AND deleted_at IS NULL "
        "ORDER BY created_at DESC, id DESC OFFSET 5000 LIMIT 1"
    )
    [(moment, id_)] = database.execute(middle, {"user": crowd})
    place = {"after_key": moment.isoformat(), "after_id": id_}
    nodes = plan(database, listing(seek=True), user=crowd, known=[], limit=50, offset=0, **place)
    assert "Sort" not in {node["Node Type"] for node in nodes}
    assert indexes(nodes) == {"ix_tasks_live"}
    assert rows_read(nodes) == 50


@pytest.mark.parametrize("known", [[10_000], [1, 10_000], None])
@pytest.mark.parametrize("count", [True, False])
def test_list_that_the_client_has_is_decided_without_opening_tasks(database, crowd, known, count):
    statement = listing(count=count)
    nodes = plan(database, statement, user=crowd, known=known, limit=50, offset=0)
    on_tasks = [node for node in nodes if node.get("Relation Name") == "tasks"]
    assert on_tasks
    assert {node["Actual Loops"] for node in on_tasks} == {0}


def test_feed_is_served_by_an_index_without_a_sort(database, crowd):
    nodes = plan(database, feed.CHANGES, user=crowd, since=9_000, limit=100)
    assert "Sort" not in {node["Node Type"] for node in nodes}
    assert indexes(nodes) == {"uq_tasks_user_id_revision"}
    assert rows_read([node for node in nodes if node["Actual Loops"]]) == 101


def test_search_reads_one_users_tasks_only(database, crowd):
    statement = listing(NEWEST_FIRST, "q")
    nodes = plan(database, statement, user=crowd, known=[], limit=50, offset=0, q="%nowhere%")
    assert "Seq Scan" not in {
        node["Node Type"] for node in nodes if node.get("Relation Name") == "tasks"
    }
    assert rows_read(nodes) <= 10_000
