"""The collection that Postman makes of the document works as it is, from the first request on."""

import json
import subprocess
from pathlib import Path

import pytest
import requests
from tools.jwt_settings import WITH_SECRET, token_of
from tools.npm import install, needs_npm
from tools.server import ROOT, documented_operations

from tasks_api.tasks.schemas import TASK_EXAMPLE

PACKAGES = {"newman": "6.2.2", "openapi-to-postmanv2": "6.3.3"}

# The first time, they are installed.
pytestmark = [pytest.mark.long, pytest.mark.timeout(600), needs_npm]


@pytest.fixture(scope="module")
def programs() -> Path:
    """Where the programs are."""
    home = ROOT / "var" / "newman"
    home.mkdir(parents=True, exist_ok=True)
    (home / "package.json").write_text(json.dumps({"dependencies": PACKAGES}))
    return install(home) / ".bin"


def run(*command: object) -> None:
    result = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("folders", ["Paths", "Tags"])
@pytest.mark.parametrize("optional", ["true", "false"])
def test_all_requests_succeed_in_order_and_again(
    programs, serve, on_database, tmp_path, folders, optional
):
    url = serve(**on_database | WITH_SECRET).url
    document, collection, report = (tmp_path / name for name in ("in", "out", "report"))
    document.write_text(requests.get(f"{url}/openapi.json").text)
    run(
        *(programs / "openapi2postmanv2", "--spec", document, "--output", collection, "--options"),
        f"parametersResolution=Example,enableOptionalParameters={optional},folderStrategy={folders}",
    )
    run(
        *(programs / "newman", "run", collection, "--iteration-count=2", "--env-var"),
        *(f"baseUrl={url}", "--env-var", f"bearerToken={token_of(TASK_EXAMPLE['user_id'])}"),
        *("--reporters=json", "--reporter-json-export", report),
    )
    answers = [
        (execution["item"]["name"], execution["response"]["code"])
        for execution in json.loads(report.read_text())["run"]["executions"]
    ]
    assert [(name, status) for name, status in answers if not 200 <= status < 300] == []
    assert len(answers) == 2 * len(documented_operations(url))
