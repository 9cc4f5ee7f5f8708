"""What the release before folded texts does to tasks, in SQL; it may run beside this one."""

from uuid import uuid4

import sqlalchemy as sa

COUNT = """
    INSERT INTO users (id, revision) VALUES (:user, 1)
    ON CONFLICT (id) DO UPDATE SET revision = users.revision + 1"""
CREATE = """
    INSERT INTO tasks (user_id, id, title, description, revision)
    SELECT id, :task, :title, :description, revision FROM users WHERE id = :user"""
CHANGE = """
    UPDATE tasks SET {}, revision = users.revision, updated_at = now() FROM users
    WHERE users.id = :user AND tasks.user_id = :user AND tasks.id = :task"""


class EarlierRelease:
    """Writes tasks of a user as a release does that knows nothing of folded texts."""

    def __init__(self, database: sa.Connection, user: str) -> None:
        self.database = database
        self.user = user

    def create(self, title: str, description: str | None = None) -> str:
        task = str(uuid4())
        self._write(CREATE, task=task, title=title, description=description)
        return task

    def rename(self, task: str, title: str) -> None:
        self._write(CHANGE.format("title = :title"), task=task, title=title)

    def toggle(self, task: str) -> None:
        self._write(CHANGE.format("completed = NOT completed"), task=task)

    def _write(self, statement: str, **given: object) -> None:
        engine = self.database.engine.execution_options(isolation_level="READ COMMITTED")
        with engine.begin() as connection:
            for sql in (COUNT, statement):
                connection.execute(sa.text(sql), {"user": self.user, **given})
