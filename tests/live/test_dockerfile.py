"""The image, without Docker: each line of the Dockerfile is done in a directory of its own."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from honcho.environ import parse_procfile
from tools.server import BIN, ROOT, Server, environment, free_port

from local_postgres.server import as_owner

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no git repository"),
    # Everything is installed again.
    pytest.mark.timeout(300),
]
# What a stage begins from is the Python of the tests.
INSTRUCTION = re.compile(r"^(?!FROM)([A-Z]+) (.*)$", re.MULTILINE)


@dataclass
class Image:
    """What a container would start with, in directories below `root`."""

    root: Path
    workdir: Path
    settings: dict[str, str]
    user: int
    command: list[str]
    health_check: list[str]

    def start(self, command: list[str], settings: dict[str, str], log: Path) -> subprocess.Popen:
        """Start a process of a container."""
        with log.open("ab") as output:
            return subprocess.Popen(
                # Only root may become somebody else.
                [*as_owner(self.workdir), *command],
                cwd=self.workdir,
                env=environment(**{**self.settings, **settings}),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


def copy_context(to: Path) -> None:
    """Copy what `.dockerignore` leaves."""
    ignored, *exceptions = re.findall("^[^#].*$", (ROOT / ".dockerignore").read_text(), re.M)
    assert ignored == "*"
    kept = [line.removeprefix("!") for line in exceptions if line.startswith("!")]
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *kept]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in names.rstrip("\0").split("\0"):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, to / name)


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    # pytest's own temporary directory is not open to other users.
    root = Path(tempfile.mkdtemp(prefix="tasks-api-image-"))
    root.chmod(0o755)
    context = root / "context"
    copy_context(context)

    def inside(text: str) -> str:
        """The paths of the image are below `root`."""
        return re.sub(r"(?<![\w./])/(venv|source|app)\b", rf"{root}/\1", text)

    built = Image(root, root, {}, 0, [], [])
    here = context
    for instruction, arguments in INSTRUCTION.findall((ROOT / "Dockerfile").read_text()):
        match instruction:
            case "WORKDIR":
                here = built.workdir = Path(inside(arguments))
                here.mkdir()
            case "COPY" if arguments.startswith("--from="):
                # It is at the same path in both stages.
                _, source, destination = arguments.split()
                assert source == destination
            case "COPY":
                name, _ = arguments.split()
                subprocess.run(["cp", "-R", f"{context}/{name}", here], check=True)
            case "RUN":
                result = subprocess.run(
                    inside(arguments),
                    shell=True,
                    cwd=here,
                    env=environment(PATH=f"{BIN}{os.pathsep}{os.defpath}"),
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert result.returncode == 0, result.stdout + result.stderr
            case "ENV":
                pairs = (pair.split("=", 1) for pair in inside(arguments).split())
                built.settings = {k: v.replace("$PATH", os.defpath) for k, v in pairs}
            case "USER":
                built.user = int(arguments)
            case "HEALTHCHECK":
                built.health_check = json.loads(arguments[arguments.index("[") :])
            case "CMD":
                built.command = json.loads(arguments)
            case _:
                pytest.fail(f"the test doesn't know {instruction}")
    shutil.rmtree(context)
    shutil.rmtree(root / "source")
    if os.geteuid() == 0:
        os.chown(built.workdir, built.user, built.user)
    yield built
    shutil.rmtree(root)


def test_image_has_no_source_beside_the_package(image):
    assert [path.name for path in image.workdir.iterdir()] == ["wsgi.py"]
    assert image.user > 0


def test_container_migrates_serves_is_healthy_and_ends(image, empty_database, tmp_path):
    port = free_port()
    log = tmp_path / "container.log"
    url = empty_database.set(drivername="postgres").render_as_string(hide_password=False)
    settings = {"DATABASE_URL": url, "AUTH": "none", "PORT": str(port)}

    release = parse_procfile((ROOT / "Procfile").read_text()).processes["release"].split()
    assert image.start(release, settings, log).wait() == 0, log.read_text()

    server = Server(image.start(image.command, settings, log), port, log)
    try:
        server.wait()
        assert requests.get(f"{server.url}/ready").status_code == 200
        assert image.start(image.health_check, settings, log).wait() == 0, log.read_text()
        for task in Path(f"/proc/{server.process.pid}/task").iterdir():
            assert os.stat(task).st_uid == (os.geteuid() or image.user)
    finally:
        # To the process itself: no shell stands in between.
        assert server.stop(signal.SIGTERM) == 0
    assert image.start(image.health_check, settings, log).wait() != 0
