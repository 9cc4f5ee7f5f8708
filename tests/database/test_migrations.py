"""Migrations lead from nothing to the models and back, one at a time."""

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from tools.racing import race

from tasks_api.database import migrations
from tasks_api.database.engine import new_engine
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
    engine = new_engine(empty_database, poolclass=sa.NullPool)
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
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
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
    race(4, lambda _: migrations.upgrade(new_engine(engine.url, poolclass=sa.NullPool)))
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == (
            migrations.head()
        )


def test_migration_waits_for_another_one_only_so_long(engine, monkeypatch):
    monkeypatch.setattr(migrations, "LOCK_WAIT", 0.3)
    with engine.execution_options(isolation_level="READ COMMITTED").connect() as other:
        other.execute(sa.select(sa.func.pg_advisory_xact_lock(migrations.ADVISORY_LOCK)))
        with pytest.raises(migrations.MigrationError):
            migrations.upgrade(engine)


def test_migration_runs_with_timeouts_and_leaves_none_behind(engine):
    seen = []

    @sa.event.listens_for(sa.Engine, "before_cursor_execute")
    def record(_c, _cursor, statement, *_):
        seen.append(statement)

    try:
        migrations.upgrade(engine)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", record)
    create = next(index for index, text in enumerate(seen) if "CREATE TABLE users" in text)
    assert "SET LOCAL lock_timeout = '5s'" in seen[:create]
    assert "SET LOCAL statement_timeout = '15min'" in seen[:create]
