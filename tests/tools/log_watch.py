"""Looks for people and secrets in all that is logged while the tests run."""

import copy
import logging
import re
from pathlib import Path

from tasks_api.http.log_format import TextFormatter

PRIVATE = re.compile(
    # The id of a user or of a task.
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    # Addresses that clients have here (RFC 5737, RFC 3849, RFC 1918).
    r"|(?:192\.0\.2|198\.51\.100|203\.0\.113|10\.0\.0)\.\d|2001:db8:"
    # Tokens, keys and passwords; what the tests call so.
    r"|eyJ[\w-]+\.|BEGIN [A-Z ]*KEY|secret|password=(?!xxx)"
    # What users write.
    r"|Buy oat milk",
    re.IGNORECASE,
)
# Callers may choose the id of a request, and find it in the log.
REQUEST_ID = re.compile(r'"request_id":"[^"]*"|request_id=\'[^\']*\'')


class LogWatch:
    """What has been logged and names somebody, by this process or by a server."""

    def __init__(self) -> None:
        self._formatter = TextFormatter()
        self._found: list[str] = []
        # How far each server's log has been read.
        self._logs: dict[Path, int] = {}

    def install(self) -> None:
        """Look at each record, whatever handlers there are: many tests configure logging."""
        handle = logging.Logger.handle

        def look(logger: logging.Logger, record: logging.LogRecord) -> None:
            # A copy, because a formatter keeps its traceback in the record.
            self._look(self._formatter.format(copy.copy(record)))
            handle(logger, record)

        logging.Logger.handle = look

    def add(self, log: Path) -> None:
        """Look at a server's log, too."""
        self._logs[log] = 0

    def take(self) -> list[str]:
        """Return what was found since this was last called."""
        for log, size in self._logs.items():
            if log.exists():
                with log.open("rb") as file:
                    file.seek(size)
                    for line in file:
                        self._look(line.decode(errors="replace"))
                    self._logs[log] = file.tell()
        found, self._found = self._found, []
        return found

    def _look(self, text: str) -> None:
        if PRIVATE.search(REQUEST_ID.sub("", text)):
            self._found.append(text)


watch = LogWatch()
