"""Change the code of `tasks/` in one place at a time, and see whether a test notices.

    python tests/tools/mutants.py [--every 10] [src/tasks_api/tasks/lists/clearing.py ...]

mutmut makes the changes. Its own runner knows which tests call a function, and leaves out what is
called by none; but a statement is built when its module is imported. So each mutant is a copy of
the tree with one file changed, and the fast tests run on it until the first of them fails.
"""

import argparse
import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from queue import SimpleQueue

import libcst
import sqlalchemy as sa
from mutmut.mutation.file_mutation import create_mutations, deep_replace

from local_postgres import start
from tasks_api import local_database

ROOT = Path(__file__).parents[2]
# As pytest does it for the tests.
sys.path.insert(0, str(ROOT / "tests"))

from tools.databases import connect  # noqa: E402

PACKAGE = Path("src/tasks_api/tasks")
COPIED = ("src", "tests", "openapi", "setup.cfg", "pyproject.toml")
# What fails most often comes first.
TESTS = ("tests/http/test_docs.py", "tests/tasks", "tests/test_recorded_answers.py")
# Many times what they take; a mutant may also wait for ever.
TIMEOUT = 120


@dataclass(frozen=True)
class Mutant:
    """A file with one change in it."""

    path: Path
    before: str
    after: str

    @property
    def diff(self) -> str:
        lines = (self.before.splitlines(), self.after.splitlines())
        return "\n".join(unified_diff(*lines, str(self.path), str(self.path), n=1, lineterm=""))


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Make the mutants of a file, each of them once."""
    before = (ROOT / path).read_text()
    module, mutations, *_ = create_mutations(str(path), before)
    seen = {before}
    for mutation in mutations:
        changed = deep_replace(module, mutation.original_node, mutation.mutated_node)
        if isinstance(changed, libcst.Module) and changed.code not in seen:
            seen.add(changed.code)
            yield Mutant(path, before, changed.code)


def failure(tree: Path, database_url: str) -> str:
    """Run the tests on a copy of the tree; return what they say, or nothing where they pass."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    env = os.environ | {
        "PYTHONPATH": str(tree / "src"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TEST_DATABASE_URL": database_url,
    }
    try:
        done = subprocess.run(
            [*command, *TESTS],
            cwd=tree,
            env=env,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "They take too long."
    return done.stdout + done.stderr if done.returncode else ""


def start_server(data: Path) -> str:
    """Start a server, on which every new database compares text as the service's own does."""
    url = local_database.start(data)
    with connect(url) as connection:
        for statement in (
            "ALTER DATABASE template1 IS_TEMPLATE false",
            "DROP DATABASE template1",
            start.CREATE_DATABASE.format("template1"),
        ):
            connection.execute(sa.text(statement))
    return url.set(drivername="postgres").render_as_string(hide_password=False)


def copy_to(tree: Path) -> Path:
    """Copy what the tests need of the tree."""
    tree.mkdir()
    for part in COPIED:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, tree / part)
    return tree


def survives(mutant: Mutant, tree: Path, database_url: str) -> bool:
    """Return whether no test notices a mutant."""
    file = tree / mutant.path
    file.write_text(mutant.after)
    try:
        return not failure(tree, database_url)
    finally:
        file.write_text(mutant.before)


def main() -> int:
    """Run it; return the exit status."""
    parser = argparse.ArgumentParser(description="Count the mutants that no test notices.")
    files = sorted(ROOT.glob(f"{PACKAGE}/**/*.py"))
    parser.add_argument("files", nargs="*", type=Path, default=files)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--every", type=int, default=1, help="10 tries one mutant of ten")
    arguments = parser.parse_args()
    paths = [path.resolve().relative_to(ROOT) for path in arguments.files]
    mutants = [mutant for path in paths for mutant in mutants_of(path)][:: arguments.every]
    # What is registered last runs first: the server is stopped before its data is removed.
    directory = Path(tempfile.mkdtemp(prefix="tasks-api-mutants-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    database_url = start_server(directory / "data")
    trees: SimpleQueue[Path] = SimpleQueue()
    for number in range(arguments.jobs):
        trees.put(tree := copy_to(directory / str(number)))
    if message := failure(tree, database_url):
        print(f"{message}\nThe tests fail without a mutant.")  # noqa: T201
        return 1

    def run(mutant: Mutant) -> bool:
        tree = trees.get()
        try:
            survived = survives(mutant, tree, database_url)
        finally:
            trees.put(tree)
        print(f"\n{mutant.diff}" if survived else ".", end="", flush=True)  # noqa: T201
        return survived

    with ThreadPoolExecutor(arguments.jobs) as threads:
        survivors = sum(threads.map(run, mutants))
    killed = len(mutants) - survivors
    print(f"\n{killed} of {len(mutants)} mutants noticed, {survivors} not")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
