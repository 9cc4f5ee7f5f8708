"""What the service does: `blueprint` has all operations on tasks and the commands."""

from tasks_api.tasks import commands, item_views, list_views, user_views
from tasks_api.tasks.blueprint import blueprint

__all__ = ["blueprint", "commands", "item_views", "list_views", "user_views"]
