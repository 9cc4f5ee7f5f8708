"""The tasks of a user as tools of an agent, by the Model Context Protocol (FastMCP)."""

import os

import httpx2
from fastmcp import FastMCP
from fastmcp.server.providers.openapi import MCPType, RouteMap

# Erasure is not among them, nor is the feed, which is for devices.
TOOLS = {"getMe", "listTaskPage", "getTask", "createTask", "createTasks", "updateTask"}
TOOLS |= {"completeTask", "deleteTask", "restoreTask", "clearCompletedTasks"}

url, token = os.environ["TASKS_URL"], os.environ["TASKS_TOKEN"]
api = httpx2.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"})
FastMCP.from_openapi(
    httpx2.get(f"{url}/openapi.json").json(),
    api,
    name="Tasks",
    route_maps=[RouteMap(mcp_type=MCPType.EXCLUDE)],
    route_map_fn=lambda route, _: MCPType.TOOL if route.operation_id in TOOLS else None,
).run(show_banner=False)
