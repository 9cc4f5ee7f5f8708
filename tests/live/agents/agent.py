"""A task's life by the tools that a script serves; prints what an agent sees of them, as JSON."""

import asyncio
import json
import os
import sys
from typing import Any

from fastmcp import Client


async def live(agent: Client[Any]) -> None:
    async def call(tool: str, **arguments: Any) -> Any:
        answer = await agent.call_tool(tool, arguments, raise_on_error=False)
        return answer.content[0].text if answer.is_error else answer.structured_content

    user = await call("getMe")
    task = await call(
        "createTask", **user, title="Buy oat milk", due_at="2026-01-09T17:00:00+01:00"
    )
    one = {**user, "task_id": task["id"]}
    page = await call(
        "listTaskPage", **user, completed=False, due_before="2026-01-10T00:00:00+01:00"
    )
    assert page["tasks"] == [task], page
    assert page["next"] is None, page
    changed = await call("updateTask", **one, title="Buy oat milk, four cartons")
    assert changed["due_at"] == task["due_at"], changed
    completed = await call("completeTask", **one, completed=True)
    assert completed["completed"] is True, completed
    assert await call("deleteTask", **one) is None
    assert "This user has no such task." in await call("getTask", **one)
    assert (await call("restoreTask", **one))["title"] == changed["title"]
    refused = await call("createTask", **user, title=" ")
    assert "Must not be only white space." in refused, refused


async def main() -> None:
    server = {"command": sys.executable, "args": sys.argv[1:], "env": {**os.environ}}
    async with Client({"mcpServers": {"tasks": server}}) as agent:
        await live(agent)
        json.dump([tool.model_dump() for tool in await agent.list_tools()], sys.stdout)


asyncio.run(main())
