"""What reaches PostgreSQL: one statement for each operation, about one user, by an index."""

import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from tools.wire import names_one_user

from tasks_api.database.execution import execute
from tasks_api.tasks.upkeep.purge import PURGE

NEXT = re.compile(r'<([^>]+)>; rel="next"')


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
        ("put", "/00000000-0000-7000-8000-000000000000", {"title": "x"}),
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


# After five executions PostgreSQL decides whether one plan of a prepared statement serves all.
SETTLED = 10


@pytest.fixture
def plan(client, statements):
    """Ask for something again and again; return the last answer, and the nodes of its plan."""

    def read(url, **headers):
        for _ in range(SETTLED):
            answer = client.get(url, headers=headers)
            assert answer.status_code < 400
        return answer, statements[-1].plan()

    return read


@pytest.fixture(scope="module")
def crowd(database):
    """A user with many tasks among others: small tables would be read whole."""
    user = uuid4()
    for who, count in [(user, 10_000), *((uuid4(), 1000) for _ in range(40))]:
        given = {"user": who, "count": count}
        database.execute(sa.text("INSERT INTO users (id, revision) VALUES (:user, :count)"), given)
        tasks = (
            "INSERT INTO tasks (user_id, id, title, revision, created_at, deleted_at, position) "
            "SELECT :user, gen_random_uuid(), 'task ' || n, n, now() + n * interval '1 s', "
            "CASE n % 10 WHEN 0 THEN now() END, CASE n % 2 WHEN 0 THEN md5(n::text) END "
            "FROM generate_series(1, :count) AS n"
        )
        database.execute(sa.text(tasks), given)
    database.execute(sa.text("VACUUM ANALYZE users, tasks"))
    return f"/api/{user}"


def nodes_on_tasks(nodes):
    """Return the nodes that read tasks, in one way or another."""
    return [node for node in nodes if node.get("Relation Name") == "tasks"]


def kinds(nodes):
    return {node["Node Type"] for node in nodes}


def indexes(nodes):
    return {node["Index Name"] for node in nodes if "tasks" in node.get("Index Name", "")}


def rows_read(nodes):
    return max(
        node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        for node in nodes_on_tasks(nodes)
    )


@pytest.mark.parametrize(
    ("query", "index"), [("", "ix_tasks_live"), ("&deleted=true", "ix_tasks_trash")]
)
def test_newest_first_is_served_by_an_index_without_a_sort(crowd, plan, query, index):
    _, nodes = plan(f"{crowd}/tasks?limit=50{query}")
    assert "Sort" not in kinds(nodes)
    assert indexes(nodes) == {index}
    assert rows_read(nodes) == 51


def test_page_deep_in_a_walk_reads_no_more_than_the_first(client, crowd, plan):
    walk = f"{crowd}/tasks?limit=100"
    for _ in range(50):
        walk = NEXT.search(client.get(walk).headers["Link"])[1]
    _, nodes = plan(walk)
    assert "Sort" not in kinds(nodes)
    assert indexes(nodes) == {"ix_tasks_live"}
    assert rows_read(nodes) == 101


@pytest.mark.parametrize("sort", ["position", "-position"])
def test_walk_by_position_reads_few_tasks_for_each_page(client, crowd, plan, sort):
    walk = f"{crowd}/tasks?limit=100&sort={sort}"
    for number in range(1, 91):
        if number in {1, 2, 20, 50, 70}:
            _, nodes = plan(walk)
            assert indexes(nodes) == {"ix_tasks_position", "pk_tasks"}
            # Among those without a position, it steps over the others.
            assert rows_read(nodes) == 101 if number < 40 else rows_read(nodes) < 400
        walk = NEXT.search(client.get(walk).headers["Link"])
        assert (walk is None) == (number == 90)
        walk = walk and walk[1]


@pytest.mark.parametrize("known", ["{tag}", 'W/"1", {tag}', "*"])
@pytest.mark.parametrize("query", ["", "?count=true", "?sort=title", "?sort=position"])
def test_list_that_the_client_has_is_decided_without_opening_tasks(
    client, crowd, plan, known, query
):
    tag = client.get(f"{crowd}/tasks").headers["ETag"]
    answer, nodes = plan(f"{crowd}/tasks{query}", **{"If-None-Match": known.format(tag=tag)})
    assert answer.status_code == 304
    assert nodes_on_tasks(nodes)
    assert {node["Actual Loops"] for node in nodes_on_tasks(nodes)} == {0}


def test_feed_is_served_by_an_index_without_a_sort(crowd, plan):
    _, nodes = plan(f"{crowd}/changes?since=9000&limit=100")
    assert "Sort" not in kinds(nodes)
    assert indexes(nodes) == {"uq_tasks_user_id_revision"}
    assert rows_read([node for node in nodes if node["Actual Loops"]]) == 101


def test_search_reads_one_users_tasks_only(crowd, plan):
    _, nodes = plan(f"{crowd}/tasks?q=nowhere")
    assert "Seq Scan" not in kinds(nodes_on_tasks(nodes))
    assert rows_read(nodes) <= 10_000


def test_purge_reads_nothing_but_the_trash_of_a_user(app, crowd, statements):
    with app.app_context():
        execute(PURGE, user_id=UUID(crowd.removeprefix("/api/")), age=timedelta(days=1))
    with statements[0].connection.cursor() as cursor:
        # As it is where a purge finds something: here nothing is that old.
        cursor.execute("SET plan_cache_mode = force_generic_plan")
        sent = replace(statements[0], sql=statements[0].sql.rpartition("; ")[2])
        nodes = sent.plan()
        cursor.execute("RESET plan_cache_mode")
    assert "ix_tasks_trash" in indexes(nodes)
    assert rows_read(nodes) == 1000
