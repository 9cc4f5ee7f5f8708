"""What reads a setting: each reader returns the value that the service uses, or refuses the text.

A reader lives in the room whose setting it reads; those here belong to none. The texts of their
errors continue a sentence that begins with the name of the setting.
"""

import re
from collections.abc import Callable
from ipaddress import ip_address
from typing import TypeVar

Choice = TypeVar("Choice", bound=str)

# RFC 1123, section 2.1. A name whose last label is a number would be a malformed address.
HOST_NAME = re.compile(r"([a-z0-9-]+\.)*[a-z][a-z0-9-]*", re.ASCII | re.IGNORECASE)


class ConfigError(SystemExit):
    """A setting that stops the start.

    Python prints the text of an uncaught `SystemExit` as one line on stderr and exits with 1, under
    gunicorn, the `flask` command and every other WSGI server.
    """


def number(low: int, high: int) -> Callable[[str], int]:
    """Return a reader of whole numbers within these bounds."""

    def read(text: str) -> int:
        # isdecimal alone would accept digits of other scripts; int() is slow for thousands of them.
        digits = text.isascii() and text.isdecimal() and len(text) < 12  # noqa: PLR2004
        if not (digits and low <= int(text) <= high):
            raise ConfigError(f"must be a whole number from {low} to {high}, not {text!r}.")
        return int(text)

    return read


def one_of(*choices: Choice) -> Callable[[str], Choice]:
    """Return a reader of one of these words."""

    def read(text: str) -> Choice:
        for choice in choices:
            if text == choice:
                return choice
        raise ConfigError(f"must be one of {', '.join(choices)}, not {text!r}.")

    return read


def on_or_off(text: str) -> bool:
    """Return whether it is `on`."""
    return one_of("on", "off")(text) == "on"


def address_or_name(text: str) -> str:
    """Return an address, or a name, to listen on."""
    try:
        ip_address(text)
    except ValueError:
        if not HOST_NAME.fullmatch(text):
            raise ConfigError(
                "must be an address or a name of this machine, such as 0.0.0.0, ::1 or "
                f"localhost, not {text!r}."
            ) from None
    return text
