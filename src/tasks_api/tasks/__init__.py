"""What the service does: `blueprint` has all operations on tasks, and the commands."""

# isort: off
# The document has the operations in this order.
from tasks_api.tasks.blueprint import blueprint
from tasks_api.tasks.item import views as item
from tasks_api.tasks.lists import views as lists, clearing
from tasks_api.tasks.changes import views as changes, push
from tasks_api.tasks.upkeep import erasure, commands

__all__ = ["blueprint", "changes", "clearing", "commands", "erasure", "item", "lists", "push"]
