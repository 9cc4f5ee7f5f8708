"""The SQL that the floor and Litestar send: the work of this service, one statement each.

It runs on this service's own tables. Parameters are written as psycopg2 wants them.
"""

PRIORITIES = ("none", "low", "medium", "high")
COLUMNS = (
    "user_id, id, title, description, completed, revision, created_at, updated_at, "
    "completed_at, due_at, priority, tags, due_on, time_zone, recurrence, next_task_id, position"
)
# Both send the columns of the updated table by name, since the counter has some of the same.
WRITTEN = ", ".join(f"tasks.{name}" for name in COLUMNS.split(", "))

GET = f"SELECT {COLUMNS} FROM tasks WHERE user_id = %s AND id = %s AND deleted_at IS NULL"

LIST = f"""
    SELECT {COLUMNS} FROM tasks WHERE user_id = %s AND deleted_at IS NULL
    ORDER BY created_at DESC, id DESC LIMIT %s OFFSET %s"""

CREATE = f"""
    WITH counter AS (
      INSERT INTO users (id, revision, written_at) VALUES (%s, 1, now())
      ON CONFLICT (id) DO UPDATE SET revision = users.revision + 1,
        written_at = greatest(users.written_at, now())
      RETURNING id, revision, written_at)
    INSERT INTO tasks (user_id, id, title, description, revision, created_at, updated_at)
    SELECT id, %s, %s, %s, revision, written_at, written_at FROM counter
    RETURNING {COLUMNS}"""

_WRITE = f"""
    WITH counter AS (
      UPDATE users SET revision = revision + 1, written_at = greatest(written_at, now())
      WHERE id = %s RETURNING id, revision, written_at)
    UPDATE tasks SET {{}}, revision = counter.revision, updated_at = counter.written_at
    FROM counter
    WHERE user_id = %s AND tasks.id = %s AND counter.id = user_id AND deleted_at IS NULL
    RETURNING {WRITTEN}"""

UPDATE = _WRITE.format("title = %s, description = %s")

TOGGLE = _WRITE.format(
    "completed = NOT completed, completed_at = CASE WHEN completed THEN NULL ELSE written_at END"
)
