"""Migrations lead from nothing to the models and back, one at a time."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from tools.pgbouncer import needs_pgbouncer, pgbouncer
from tools.racing import race

from tasks_api.app import create_app
from tasks_api.config import Config
from tasks_api.database import migrations
from tasks_api.database.engine import new_engine
from tasks_api.database.readiness import HEAD
from tasks_api.tasks.models import Base

# What PostgreSQL itself says of the tables, which is more than Alembic compares.
CATALOGUE = {
    "columns": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
               pg_get_expr(d.adbin, d.adrelid), a.attstorage::text
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND NOT a.attisdropped""",
    "constraints": """
        SELECT conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND contype <> 'n'""",
    "indexes": """
        SELECT indexdef, indisvalid FROM pg_indexes JOIN pg_index
        ON indexrelid = (quote_ident(indexname))::regclass WHERE schemaname = 'public'""",
    "storage": """
        SELECT relname, reloptions FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace""",
}

KEY_WITHOUT_USER = "INSERT INTO idempotency_keys VALUES (gen_random_uuid(), 'k', 'f', '{}')"


@pytest.fixture
def engine(empty_database):
    engine = new_engine(empty_database)
    yield engine
    engine.dispose()


def catalogue(engine: sa.Engine) -> dict[str, set[tuple[object, ...]]]:
    with engine.connect() as connection:
        return {
            kind: {
                tuple(map(str, row))
                for row in connection.execute(sa.text(query))
                if "alembic_version" not in str(row)
            }
            for kind, query in CATALOGUE.items()
        }


def test_migrations_lead_to_what_the_models_say(engine, database):
    migrations.upgrade(engine)
    migrated = catalogue(engine)
    # Alembic doesn't see that a column of an index has another collation; the catalogue shows it.
    seen = {"include_object": lambda _, name, *__: name != "ix_tasks_position"}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=seen)
        assert compare_metadata(context, Base.metadata) == []
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    Base.metadata.create_all(engine)
    assert catalogue(engine) == migrated
    assert len(migrated["constraints"]) > 5


def test_migrations_lead_down_to_nothing_and_up_again(engine):
    migrations.upgrade(engine)
    up = catalogue(engine)
    migrations.downgrade(engine, "base")
    assert catalogue(engine)["columns"] == set()
    migrations.upgrade(engine)
    assert catalogue(engine) == up


def test_each_migration_can_be_undone_by_itself(engine):
    migrations.upgrade(engine)
    up = catalogue(engine)
    migrations.downgrade(engine, "-1")
    migrations.upgrade(engine, "+1")
    assert catalogue(engine) == up


def test_numbers_of_the_migrations_are_in_their_order():
    """By this, a release knows that one which it doesn't know is newer than its own."""
    scripts = ScriptDirectory.from_config(migrations._alembic())
    found = [script.revision for script in scripts.walk_revisions()]
    assert found == [f"{number:04}" for number in range(len(found), 0, -1)]
    assert found[0] == HEAD == scripts.get_current_head()


def test_idempotency_keys_may_be_written_before_their_user(engine):
    """As Citus does it: it runs the parts of a creation one after the other."""
    migrations.upgrade(engine)
    with engine.connect() as connection:
        connection.execute(sa.text(KEY_WITHOUT_USER))


def test_keys_that_have_no_user_do_not_keep_a_migration_from_being_undone(engine):
    migrations.upgrade(engine, "0003")
    before = catalogue(engine)
    migrations.upgrade(engine, "0004")
    with engine.connect() as connection:
        connection.execute(sa.text(KEY_WITHOUT_USER))
    migrations.downgrade(engine, "0003")
    assert catalogue(engine) == before


def test_migrations_may_be_run_from_many_places_at_once(engine):
    race(4, lambda _: migrations.upgrade(new_engine(engine.url)))
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == (
            migrations.HEAD
        )


def test_migration_waits_for_another_one_only_so_long(engine, monkeypatch):
    monkeypatch.setattr(migrations, "LOCK_WAIT", 0.3)
    with engine.execution_options(isolation_level="READ COMMITTED").connect() as other:
        other.execute(sa.select(sa.func.pg_advisory_xact_lock(migrations.ADVISORY_LOCK)))
        with pytest.raises(migrations.MigrationError):
            migrations.upgrade(engine)


@contextmanager
def long_transaction(engine: sa.Engine, *statements: str) -> Iterator[None]:
    """Hold a transaction open, with all it has locked, that sees the database as it was."""
    with engine.execution_options(isolation_level="REPEATABLE READ").connect() as connection:
        for statement in ("SELECT 1", *statements):
            connection.execute(sa.text(statement))
        yield


@pytest.fixture
def impatient(monkeypatch):
    """Wait for each lock only for a moment."""
    monkeypatch.setitem(migrations.TIMEOUTS, "lock_timeout", "50ms")


def invalid_indexes(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        query = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"
        return list(connection.scalars(sa.text(query)))


@pytest.mark.parametrize(
    ("before", "held"),
    [("0002", "SELECT"), ("0003", "LOCK idempotency_keys"), ("0004", "SELECT")],
)
def test_migration_gives_up_behind_a_long_transaction_and_succeeds_later(
    engine, before, held, impatient
):
    migrations.upgrade(engine, before)
    with long_transaction(engine, held), pytest.raises(migrations.MigrationError):
        migrations.upgrade(engine)
    migrations.upgrade(engine)
    assert invalid_indexes(engine) == []


@pytest.mark.parametrize("before", ["0005", "0004", "0003"])
def test_migration_that_is_undone_gives_up_too(engine, before, impatient):
    migrations.upgrade(engine, before)
    held = "LOCK tasks, idempotency_keys IN ACCESS SHARE MODE"
    with long_transaction(engine, held), pytest.raises(migrations.MigrationError):
        migrations.downgrade(engine, "-1")
    migrations.downgrade(engine, "base")
    migrations.upgrade(engine)
    assert invalid_indexes(engine) == []


def test_index_that_was_left_invalid_is_made_again(engine, impatient):
    migrations.upgrade(engine, "0004")
    with long_transaction(engine), pytest.raises(migrations.MigrationError):
        migrations.upgrade(engine)
    assert invalid_indexes(engine) == ["ix_tasks_deleted_at"]
    migrations.upgrade(engine)
    assert invalid_indexes(engine) == []


def test_index_that_is_there_already_is_not_built_twice(engine):
    migrations.upgrade(engine)
    with engine.connect() as connection:
        index = sa.text("SELECT 'ix_tasks_deleted_at'::regclass::oid")
        built = connection.scalar(index)
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0004'"))
        migrations.upgrade(engine)
        assert connection.scalar(index) == built


def test_migration_whose_connection_is_lost_is_not_taken_for_one_that_waits(engine):
    lose = sa.text("SELECT pg_terminate_backend(pg_backend_pid())")
    with (
        pytest.raises(sa.exc.OperationalError, match="server closed the connection"),
        migrations._lone_connection(engine) as connection,
    ):
        connection.execute(lose)


def test_long_transaction_in_the_way_of_a_migration_is_reported_in_one_line(engine, impatient):
    migrations.upgrade(engine, "0004")
    runner = create_app(Config(database_url=engine.url)).test_cli_runner()
    with long_transaction(engine):
        result = runner.invoke(args=["db", "upgrade"])
    assert result.exit_code == 1
    assert [line for line in result.output.splitlines() if not line.startswith("{")] == [
        "Error: The migration did not run: a long transaction has kept a lock from it for 5s; run "
        "it again when that has ended"
    ]


def settings(engine: sa.Engine) -> Iterator[list[str]]:
    """Yield the timeouts that a migration has in a transaction, and then outside of one."""
    shown = ", ".join(f"current_setting('{name}')" for name in migrations.TIMEOUTS)
    with migrations._lone_connection(engine) as connection:
        for level in ("READ COMMITTED", "AUTOCOMMIT"):
            connection.execution_options(isolation_level=level)
            yield list(connection.execute(sa.text(f"SELECT {shown}")).one())
            connection.rollback()


@pytest.fixture
def other_timeouts(engine, database):
    """A database that has timeouts of its own."""
    for name in migrations.TIMEOUTS:
        setting = f"ALTER DATABASE {engine.url.database} SET {name} = '7s'"
        database.execute(sa.text(setting))


def test_migration_has_its_own_timeouts_in_transactions_and_outside(engine, other_timeouts):
    assert [*settings(engine)] == [["5s", "15min", "0"]] * 2


@needs_pgbouncer
def test_migration_behind_a_pooler_leaves_no_timeouts_to_others(engine, other_timeouts, tmp_path):
    with pgbouncer(tmp_path, engine.url) as url:
        pooled = new_engine(url)
        # Outside of a transaction, a setting would be that of another client's session.
        assert [*settings(pooled)] == [["5s", "15min", "0"], ["7s"] * 3]
