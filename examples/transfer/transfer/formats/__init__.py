"""The formats: each module reads a text into an intake, and those of our own also write one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transfer.formats import google, json_lines, microsoft, todoist, vtodo, vtodo_writer
from transfer.intake import Intake


class NotWhatItSaysError(Exception):
    """The file isn't what its name says."""


def _read_json(text: str, intake: Intake) -> None:
    content = json.loads(text)
    is_google = isinstance(content, dict) and str(content.get("kind")).startswith("tasks#")
    (google if is_google else microsoft).read(content, intake)


READERS: dict[str, Callable[[str, Intake], None]] = {
    ".csv": todoist.read,
    ".ics": vtodo.read,
    ".json": _read_json,
    ".jsonl": json_lines.read,
}
WRITERS: dict[str, Callable[[list[dict[str, Any]]], str]] = {
    ".jsonl": json_lines.write,
    ".ics": vtodo_writer.write,
}


def read(file: Path, intake: Intake) -> None:
    """Read a file by the end of its name.

    Raises:
        NotWhatItSaysError: it is of no format that is read here, or is broken as a whole.
        OSError: it can't be read.
    """
    suffix = file.suffix.lower()
    if suffix not in READERS:
        raise NotWhatItSaysError(f"its name must end in {', '.join(READERS)}")
    try:
        text = file.read_bytes().decode("utf-8-sig")
        READERS[suffix](text, intake)
    except UnicodeDecodeError:
        raise NotWhatItSaysError("it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise NotWhatItSaysError(f"it is not JSON: {error}") from None
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise NotWhatItSaysError(" ".join(str(error).split())) from None


def write(file: Path, tasks: list[dict[str, Any]]) -> None:
    """Write tasks to a file, by the end of its name: the old one stays until this is complete."""
    if file.suffix.lower() not in WRITERS:
        raise NotWhatItSaysError(f"its name must end in {' or '.join(WRITERS)}")
    new = file.with_name(f"{file.name}.new")
    new.write_text(WRITERS[file.suffix.lower()](tasks), encoding="utf-8", newline="")
    new.replace(file)
