"""What a platform's buildpack does with the tree: install the requirements, run the Procfile."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from honcho.environ import parse_procfile
from tools.server import ROOT, Server, environment, free_port

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no git repository"),
    # Everything is installed again.
    pytest.mark.timeout(300),
]


@dataclass
class Build:
    """A copy of the tree, and a virtual environment that has its requirements and no more."""

    tree: Path
    bin: Path


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    home = tmp_path_factory.mktemp("build")
    built = Build(home / "tree", home / "venv" / "bin")
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in names.split("\0"):
        if (ROOT / name).is_file():
            (built.tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, built.tree / name)
    subprocess.run([sys.executable, "-m", "venv", home / "venv"], check=True)
    install = [built.bin / "pip", "install", "--quiet", "-r", "requirements.txt"]
    result = subprocess.run(install, cwd=built.tree, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return built


def test_requirements_pin_all_that_they_install(build):
    freeze = [build.bin / "pip", "freeze", "--exclude", "tasks-api"]
    installed = subprocess.run(freeze, capture_output=True, text=True, check=True).stdout
    assert (build.tree / "requirements.txt").read_text() == f"{installed}.\n"


def test_procfile_migrates_and_serves_with_the_requirements_alone(build, empty_database, tmp_path):
    lines = parse_procfile((build.tree / "Procfile").read_text()).processes
    port = free_port()
    env = environment(
        DATABASE_URL=empty_database.set(drivername="postgres").render_as_string(
            hide_password=False
        ),
        AUTH="none",
        PORT=port,
    )
    # Not the tests' own: what they have installed must not stand in for what is missing here.
    env["PATH"] = f"{build.bin}{os.pathsep}{os.defpath}"

    release = subprocess.run(
        lines["release"],
        shell=True,
        cwd=build.tree,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert release.returncode == 0, release.stdout + release.stderr

    log = tmp_path / "web.log"
    with log.open("wb") as output:
        web = subprocess.Popen(
            lines["web"],
            shell=True,
            cwd=build.tree,
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        server = Server(web, port, log)
        server.wait()
        assert requests.get(f"{server.url}/ready").status_code == 200
        smoke = subprocess.run(
            [build.tree / "tests" / "smoke.sh", server.url],
            capture_output=True,
            text=True,
            check=False,
        )
        assert smoke.returncode == 0, smoke.stdout + smoke.stderr
    finally:
        if web.poll() is None:
            # The shell and what it started.
            os.killpg(web.pid, signal.SIGTERM)
            web.wait(60)
