"""What Alembic runs for each command; `tasks_api.migrations` gives the connection."""

from alembic import context

from tasks_api.tasks.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
