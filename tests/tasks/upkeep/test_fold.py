"""Tasks of an earlier release are folded, and no client notices."""

import pytest
import sqlalchemy as sa
from tools.databases import connect
from tools.earlier_release import CHANGE, EarlierRelease
from tools.racing import race, while_it_waits

from tasks_api.app import create_app
from tasks_api.config import Config
from tasks_api.tasks.upkeep.fold import NEXT_UNFOLDED


@pytest.fixture(scope="module")
def app(own_database, wire):
    app = create_app(Config(database_url=own_database))
    wire.tap(app)
    return app


@pytest.fixture(scope="module")
def database(own_database):
    with connect(own_database) as connection:
        yield connection


@pytest.fixture(autouse=True)
def nobody(database):
    """What is said of all users is of those of one test."""
    database.execute(sa.text("TRUNCATE users, idempotency_keys CASCADE"))


@pytest.fixture
def run(app):
    def run(*command: str) -> str:
        result = app.test_cli_runner().invoke(args=["tasks", *command])
        assert result.exit_code == 0, result.output
        return result.output

    return run


@pytest.fixture
def earlier(database, user):
    return EarlierRelease(database, user)


@pytest.fixture
def search(client, path):
    def search(q: str, **query: str) -> list[str]:
        return [task["title"] for task in client.get(path, query_string={"q": q, **query}).json]

    return search


@pytest.mark.parametrize("command", [("fold",), ("purge", "--days", "30")])
def test_tasks_of_an_earlier_release_are_found_by_every_spelling(earlier, run, search, command):
    for title, description in (("Straße", None), ("Weg", "an der Straße")):
        earlier.create(title, description)
    assert search("STRASSE") == []
    run(*command)
    assert set(search("STRASSE")) == {"Straße", "Weg"}


def test_command_says_how_many_tasks_it_has_folded(earlier, make_task, run):
    for title in ("Ä", "Ö"):
        earlier.create(title)
    earlier.rename(make_task()["id"], "Ü")
    make_task()
    assert run("fold") == "Folded 3 tasks.\n"
    assert run("fold") == "Folded 0 tasks.\n"


def test_nothing_that_a_client_sees_is_changed(client, earlier, user, path, make_task, run):
    for title in ("Ä", "Ö"):
        earlier.create(title)
    earlier.rename(make_task()["id"], "Ü")
    client.delete(f"{path}/{make_task(title='in the trash')['id']}")

    def seen():
        answers = [
            client.get(url) for url in (path, f"{path}?deleted=true", f"/api/{user}/changes")
        ]
        return [(answer.json, answer.headers.get("ETag")) for answer in answers]

    before = seen()
    assert run("fold") == "Folded 3 tasks.\n"
    assert seen() == before


def test_task_in_the_trash_is_folded_too(client, earlier, path, run, search):
    task = earlier.create("Straße")
    client.delete(f"{path}/{task}")
    assert run("fold") == "Folded 1 tasks.\n"
    assert search("STRASSE", deleted="true") == ["Straße"]


MANY = """
    WITH everybody AS (
        INSERT INTO users (id, revision)
        SELECT gen_random_uuid(), 1000 FROM generate_series(1, :users) RETURNING id)
    INSERT INTO tasks (user_id, id, title, revision)
    SELECT id, gen_random_uuid(), 'Ä' || n, n FROM everybody, generate_series(1, :each) AS n"""


@pytest.mark.parametrize(("users", "each"), [(1, 2_500), (1_100, 2)])
def test_folding_goes_through_all_tasks_in_bounded_steps(database, run, statements, users, each):
    database.execute(sa.text(MANY), {"users": users, "each": each})
    assert run("fold") == f"Folded {users * each} tasks.\n"
    assert max(statement.rows for statement in statements) <= 1_000
    wrong = "SELECT count(*) FROM tasks WHERE title_folded <> convert_to('a' || revision, 'UTF8')"
    assert database.scalar(sa.text(wrong)) == 0


def test_what_is_to_be_folded_is_found_by_an_index(database, run, statements):
    database.execute(sa.text(MANY), {"users": 20, "each": 1_000})
    database.execute(sa.text("UPDATE tasks SET folded_revision = revision WHERE revision > 9"))
    database.execute(sa.text("VACUUM ANALYZE tasks"))
    assert run("fold") == "Folded 180 tasks.\n"
    asked = [sent for sent in statements if NEXT_UNFOLDED.name in sent.sql]
    nodes = asked[-1].plan()
    assert {node["Index Name"] for node in nodes if "Index Name" in node} == {"ix_tasks_unfolded"}
    assert not {"Seq Scan", "Sort"} & {node["Node Type"] for node in nodes}


# Folding is known by the name under which it is prepared, which a pooler prevents.
@pytest.mark.usefixtures("statements")
def test_task_that_is_written_while_folding_waits_is_left_for_another_time(
    database, user, earlier, run, search
):
    task, other = earlier.create("Before"), earlier.create("Other")
    renamed = (
        "UPDATE users SET revision = revision + 1 WHERE id = :user",
        CHANGE.format("title = 'After'"),
    )
    output = while_it_waits(database, user, lambda: run("fold"), *renamed, task=task)
    assert output == "Folded 1 tasks.\n"
    assert (search("before"), search("after"), search("other")) == ([], ["After"], ["Other"])
    assert other
    assert run("fold") == "Folded 1 tasks.\n"


def test_folding_may_run_twice_at_once_and_beside_traffic(app, database, path, user, run):
    client, earlier = app.test_client(), EarlierRelease(database, user)
    client.post(f"{path}/batch", json=[{"title": "Ä", "completed": True}] * 100)

    def act(number: int) -> object:
        if number < 2:
            return run("fold")
        mine = app.test_client()
        for _ in range(20):
            task = earlier.create("Ä")
            assert mine.patch(f"{path}/{task}/complete").status_code == 200
            earlier.toggle(task)
        return mine.delete(f"{path}?completed=true").status_code

    assert race(5, act)[2:] == [200, 200, 200]
    run("fold")
    wrong = "SELECT count(*) FROM tasks WHERE folded_revision IS DISTINCT FROM revision"
    assert database.scalar(sa.text(wrong)) == 0


def test_folding_that_breaks_off_says_so_in_one_line():
    nowhere = sa.make_url("postgresql+psycopg2://127.0.0.1:1/tasks")
    result = (
        create_app(Config(database_url=nowhere)).test_cli_runner().invoke(args=["tasks", "fold"])
    )
    assert result.exit_code == 1
    assert "Folding broke off, and can be run again" in result.output
