"""Clients that are generated from the document are typed, and run through all operations."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tools.jwt_settings import WITH_SECRET, token_of
from tools.npm import install, needs_npm
from tools.server import ROOT, Server, documented_operations

SOURCES = Path(__file__).with_name("generated_clients")
VAR = ROOT / "var" / "generated-clients"

# The first time, the generators are installed.
pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture
def server(serve, on_database) -> Server:
    """A server with authentication, which has the most operations."""
    return serve(**on_database | WITH_SECRET)


def run(*command: object, cwd: Path, **environment: str) -> None:
    """Run a program; fail with what it says, if it fails."""
    result = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout


def operations_that_succeeded(server: Server) -> set[str]:
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    return {
        f"{line['method']} {line['route'].replace('<uuid:', '{').replace('>', '}')}"
        for line in lines
        if 200 <= line.get("status", 0) < 300
    }


@needs_npm
def test_typescript_client_is_strict_and_runs_through_all_operations(server, user, tmp_path):
    (VAR / "npm").mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SOURCES / name, VAR / "npm")
    (tmp_path / "node_modules").symlink_to(install(VAR / "npm"))
    for name in ("package.json", "tsconfig.json", "operations.ts"):
        shutil.copy(SOURCES / name, tmp_path)
    bin_ = tmp_path / "node_modules" / ".bin"
    document = f"{server.url}/openapi.json"
    run(bin_ / "openapi-typescript", document, "--output", "schema.ts", cwd=tmp_path)
    run(bin_ / "tsc", cwd=tmp_path)
    run("node", "operations.js", server.url, token_of(user), cwd=tmp_path)
    assert documented_operations(server.url) <= operations_that_succeeded(server)


def test_python_client_is_strict_and_runs_through_all_operations(server, user, tmp_path):
    bin_ = VAR / "python" / "bin"
    if not bin_.exists():
        run(sys.executable, "-m", "venv", VAR / "python", cwd=ROOT)
    run(bin_ / "python", "-m", "pip", "install", "-r", SOURCES / "requirements.txt", cwd=ROOT)
    for name in ("mypy.ini", "operations.py"):
        shutil.copy(SOURCES / name, tmp_path)
    run(
        *(bin_ / "openapi-python-client", "generate", "--url", f"{server.url}/openapi.json"),
        *("--meta", "none", "--output-path", "task_api_client", "--fail-on-warning"),
        cwd=tmp_path,
        # It formats what it writes with ruff, which is beside it.
        PATH=f"{bin_}:{os.environ['PATH']}",
    )
    run(bin_ / "mypy", "task_api_client", "operations.py", cwd=tmp_path)
    run(bin_ / "python", "operations.py", server.url, token_of(user), cwd=tmp_path)
    assert documented_operations(server.url) <= operations_that_succeeded(server)
