"""An agent works with tasks by the tools that the document becomes (Model Context Protocol)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from tools.jwt_settings import WITH_SECRET, token_of
from tools.server import ROOT

SOURCES = Path(__file__).with_name("agents")
EXAMPLE = ROOT / "examples" / "clients" / "tasks_mcp.py"
PYTHON = ROOT / "var" / "agents" / "bin" / "python"
# What is for devices and platforms, what others do as well, and what no agent needs to do.
NO_TOOLS = {"listChanges", "pushChanges", "getHealth", "getReadiness"}
NO_TOOLS |= {"listTasks", "patchTask", "eraseUser"}

# The first time, FastMCP is installed.
pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


def run(*command: object, **settings: str) -> str:
    """Run a program; return what it prints, and fail with what it says, if it fails."""
    result = subprocess.run(
        [*map(str, command)],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_agent_works_with_tasks_and_sees_what_each_tool_does(serve, on_database, user):
    url = serve(**on_database | WITH_SECRET).url
    if not PYTHON.exists():
        run(sys.executable, "-m", "venv", PYTHON.parents[1])
    run(PYTHON, "-m", "pip", "install", "-r", SOURCES / "requirements.txt")
    settings = {"TASKS_URL": url, "TASKS_TOKEN": token_of(user)}
    tools = json.loads(run(PYTHON, SOURCES / "agent.py", EXAMPLE, **settings))
    paths = requests.get(f"{url}/openapi.json").json()["paths"]
    documented = {
        operation["operationId"]: operation
        for item in paths.values()
        for method, operation in item.items()
        if method != "parameters"
    }
    assert documented.keys() - {tool["name"] for tool in tools} == NO_TOOLS
    for tool in tools:
        assert tool["description"].startswith(documented[tool["name"]]["summary"])
        # FastMCP renames a parameter of the path whose name a member of the body has.
        names = tool["input_schema"]["properties"]
        assert [name for name in names if "__" in name] == []
