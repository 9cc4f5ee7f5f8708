"""The same API as a good tutorial would write it: flask-smorest and an SQLAlchemy session."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from flask.views import MethodView
from flask_smorest import Api, Blueprint, abort
from marshmallow import Schema, fields, validate
from sqlalchemy import DateTime, Index, String, create_engine, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, scoped_session, sessionmaker

# SQLAlchemy 2.1 takes a bare postgresql:// to mean another driver.
url = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg2://")
engine = create_engine(url, pool_size=10)
session = scoped_session(sessionmaker(engine))


class Base(DeclarativeBase):
    """The base of the models."""


class Task(Base):
    """One thing to do."""

    __tablename__ = "tasks"
    __table_args__ = (Index("ix_tasks_user_id_created_at", "user_id", "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID]
    title: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(String(2000))
    completed: Mapped[bool] = mapped_column(default=False, server_default="false")
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    due_on: Mapped[date | None]
    time_zone: Mapped[str | None] = mapped_column(String(50))
    recurrence: Mapped[str | None] = mapped_column(String(200))
    next_task_id: Mapped[UUID | None]
    position: Mapped[str | None] = mapped_column(String(100))
    priority: Mapped[str] = mapped_column(String(6), default="none", server_default="none")
    tags: Mapped[list[str]] = mapped_column(ARRAY(String), default=list, server_default="{}")
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
    )


class TaskSchema(Schema):
    """A task, both ways."""

    id = fields.UUID(dump_only=True)
    user_id = fields.UUID(dump_only=True)
    title = fields.String(required=True, validate=validate.Length(1, 255))
    description = fields.String(allow_none=True, validate=validate.Length(max=2000))
    completed = fields.Boolean()
    completed_at = fields.DateTime(dump_only=True)
    due_at = fields.AwareDateTime(allow_none=True)
    due_on = fields.Date(allow_none=True)
    time_zone = fields.String(allow_none=True, validate=validate.Length(max=50))
    recurrence = fields.String(allow_none=True, validate=validate.Length(max=200))
    next_task_id = fields.UUID(dump_only=True)
    position = fields.String(allow_none=True, validate=validate.Length(max=100))
    priority = fields.String(validate=validate.OneOf(["none", "low", "medium", "high"]))
    tags = fields.List(fields.String())
    revision = fields.Integer(dump_only=True)
    created_at = fields.DateTime(dump_only=True)
    updated_at = fields.DateTime(dump_only=True)


class PageSchema(Schema):
    """Which page of the list."""

    offset = fields.Integer(load_default=0, validate=validate.Range(min=0))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 100))


blueprint = Blueprint("tasks", __name__, url_prefix="/api")


@blueprint.route("/<uuid:user_id>/tasks")
class Tasks(MethodView):
    """The tasks of a user."""

    @blueprint.arguments(PageSchema, location="query")
    @blueprint.response(200, TaskSchema(many=True))
    def get(self, page: dict[str, int], user_id: UUID) -> Any:
        """List the tasks, newest first."""
        statement = (
            select(Task)
            .where(Task.user_id == user_id)
            .order_by(Task.created_at.desc())
            .offset(page["offset"])
            .limit(page["limit"])
        )
        return session.scalars(statement).all()

    @blueprint.arguments(TaskSchema)
    @blueprint.response(201, TaskSchema)
    def post(self, values: dict[str, Any], user_id: UUID) -> Any:
        """Create a task."""
        task = Task(user_id=user_id, **values)
        session.add(task)
        session.commit()
        session.refresh(task)
        return task


@blueprint.route("/<uuid:user_id>/tasks/<uuid:task_id>")
class OneTask(MethodView):
    """A task of a user."""

    @blueprint.response(200, TaskSchema)
    def get(self, user_id: UUID, task_id: UUID) -> Any:
        """Get the task."""
        return find(user_id, task_id)

    @blueprint.arguments(TaskSchema(partial=True))
    @blueprint.response(200, TaskSchema)
    def put(self, values: dict[str, Any], user_id: UUID, task_id: UUID) -> Any:
        """Change the task."""
        return change(find(user_id, task_id), values)


@blueprint.route("/<uuid:user_id>/tasks/<uuid:task_id>/complete", methods=["PATCH"])
@blueprint.response(200, TaskSchema)
def toggle(user_id: UUID, task_id: UUID) -> Any:
    """Flip whether the task is done."""
    task = find(user_id, task_id)
    return change(task, {"completed": not task.completed})


def find(user_id: UUID, task_id: UUID) -> Task:
    """Return a task of a user, or answer with a 404."""
    task = session.get(Task, task_id)
    if task is None or task.user_id != user_id:
        abort(404, message="There is no such task.")
    return task


def change(task: Task, values: dict[str, Any]) -> Task:
    """Set what was given, and what follows from it."""
    for name, value in values.items():
        setattr(task, name, value)
    if "completed" in values:
        task.completed_at = datetime.now(UTC) if task.completed else None
    task.revision += 1
    session.commit()
    session.refresh(task)
    return task


def create_app() -> Flask:
    """Make the application."""
    app = Flask(__name__)
    app.config |= {"API_TITLE": "Tasks", "API_VERSION": "v1", "OPENAPI_VERSION": "3.0.3"}
    Api(app).register_blueprint(blueprint)

    @app.teardown_appcontext
    def remove_session(_error: BaseException | None) -> None:
        session.remove()

    return app


app = create_app()

if __name__ == "__main__":
    Base.metadata.create_all(engine)
