"""What log lines look like: JSON or text, with tracebacks in which nobody is named."""

import logging
import traceback
from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.orjson import OrjsonFormatter

# The text of an exception of this service is written for the log.
OURS = __name__.partition(".")[0]


class _Formatter(logging.Formatter):
    """Tracebacks without the texts of exceptions, because libraries quote what they were given.

    `ValueError: invalid literal: 'what a user wrote'` is logged as `ValueError`.
    """

    def formatException(self, ei: Any) -> str:  # noqa: N802
        """Return the traceback of an exception, after those of the exceptions it comes from."""
        errors: list[BaseException] = []
        error = ei[1]
        while error and error not in errors:
            errors.insert(0, error)
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n\n".join(map(_traceback, errors))


class JsonFormatter(_Formatter, OrjsonFormatter):
    """Lines of JSON."""


class TextFormatter(_Formatter):
    """Short lines: time, level, message, and then what else is known."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Return the line, without a traceback."""
        others = [
            f" {name}={value!r}"
            for name, value in vars(record).items()
            if name not in RESERVED_ATTRS
        ]
        return super().formatMessage(record) + "".join(others)


def _traceback(error: BaseException) -> str:
    kind = type(error)
    name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    text = f": {error}" if kind.__module__.partition(".")[0] == OURS else ""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"Traceback (most recent call last):\n{frames}{name}{text}"
