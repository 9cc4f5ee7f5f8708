"""Move tasks in and out: `python -m transfer import FILE URL`, or `export FILE URL`."""

import argparse
import logging
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from transfer.fitting import SUBTASKS
from transfer.formats import NotWhatItSaysError, read, write
from transfer.intake import Intake
from transfer.service import Change, Result, Service, ServiceError
from transfer.times import describe_rule, is_about_recurrence, zone_named


def import_file(given: argparse.Namespace) -> int:
    """Read a file and push what is in it; print what came of it; return the exit status."""
    intake = Intake(given.time_zone, given.subtasks, given.tag)
    read(given.file, intake)
    tally: Counter[str] = Counter()
    if not given.dry_run:
        service = Service(given.url, os.environ.get("TOKEN"))
        # On a terminal, and only there, it draws a bar.
        with tqdm(total=len(intake.changes), unit=" tasks", disable=None) as bar:
            waiting = intake.changes
            while waiting:
                again = []
                for change, result in service.push(waiting):
                    if is_about_recurrence(change, result):
                        describe_rule(intake, change["set"])
                        again.append(change)
                    else:
                        tally[outcome(change, result, intake)] += 1
                        bar.update()
                waiting = again

    verb = "would come in" if given.dry_run else "read"
    print(f"{given.file.name}: {len(intake.changes)} tasks {verb}")
    for text, number in sorted((tally + intake.counts).items()):
        print(f"{number:6} {text}")
    for text in intake.left_out:
        print(f"left out: {text}")
    return 1 if intake.left_out else 0


def outcome(change: Change, result: Result, intake: Intake) -> str:
    """Say what has become of a change; one that the service refuses is named."""
    if result["status"] == 201:
        return "new task"
    if result["status"] == 200:
        return "task that was there already"
    if result["status"] in {409, 410}:
        return "task that is different there, or deleted: left as it is"
    reasons = " ".join(error["detail"] for error in result["errors"])
    intake.left_out.append(f"{change['set'].get('title', change['id'])!r}: {reasons}")
    return "task refused by the service"


def export_file(given: argparse.Namespace) -> int:
    """Write all tasks of a user to a file; the old file stays until the new one is complete."""
    service = Service(given.url, os.environ.get("TOKEN"))
    tasks = service.tasks()
    write(given.file, tasks)
    print(f"{given.file.name}: {len(tasks)} tasks")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m transfer",
        description="Move tasks in and out. The environment's TOKEN is the bearer token.",
    )
    commands = parser.add_subparsers(required=True)
    bring = commands.add_parser("import", help="bring in the tasks of a file")
    take = commands.add_parser("export", help="write all tasks to a file: .jsonl, or .ics")
    for command, run in ((bring, import_file), (take, export_file)):
        command.add_argument("file", metavar="FILE", type=Path)
        command.add_argument("url", metavar="URL", help="http://127.0.0.1:8000/api/USER_ID")
        command.set_defaults(run=run)
    bring.add_argument("--dry-run", action="store_true", help="only show what would come in")
    bring.add_argument(
        "--time-zone", type=zone_named, default="UTC", help="of times that name none (UTC)"
    )
    bring.add_argument(
        "--subtasks", choices=SUBTASKS, default="tag", help="where the parent's title goes"
    )
    bring.add_argument("--tag", help="give this tag to all tasks, such as the project's name")
    given = parser.parse_args(arguments)
    if not given.url.startswith(("http://", "https://")):
        parser.error("the URL must start with http:// or https://")
    # It warns of each attempt that fails, though the next one may not.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    try:
        status: int = given.run(given)
    except (NotWhatItSaysError, ServiceError, OSError) as error:
        print(f"{given.file}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted. The same command goes on from here.", file=sys.stderr)
        return 130
    return status


if __name__ == "__main__":
    sys.exit(main())
