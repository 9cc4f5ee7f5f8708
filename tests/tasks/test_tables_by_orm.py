"""The tables as a script of an operator uses them: as SQLAlchemy's ORM has them."""

from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from tasks_api.tasks.models import Task, User


@pytest.fixture
def session(database):
    with Session(database.engine) as session:
        yield session


def test_user_is_loaded_with_their_tasks_those_in_the_trash_included(
    client, path, user, make_task, session
):
    make_task(title="live")
    gone = make_task(title="in the trash")
    client.delete(f"{path}/{gone['id']}")
    owner = session.scalars(
        select(User).where(User.id == UUID(user)).options(selectinload(User.tasks))
    ).one()
    deleted = {task.title: task.deleted_at is not None for task in owner.tasks}
    assert deleted == {"live": False, "in the trash": True}
    assert max(task.revision for task in owner.tasks) == owner.revision


def test_task_leads_to_its_user(user, make_task, session):
    task = session.get_one(Task, (UUID(user), UUID(make_task()["id"])))
    assert task.user is session.get_one(User, UUID(user))
    assert task in task.user.tasks


def test_tasks_of_a_user_who_is_removed_are_removed_by_the_database(
    client, path, user, make_task, session
):
    make_task()
    session.delete(session.get_one(User, UUID(user)))
    session.commit()
    assert client.get(path).json == []
    assert session.scalars(select(Task).where(Task.user_id == UUID(user))).all() == []
