"""Serve with gunicorn: `python -m tasks_api`, and gunicorn's own options after that.

gunicorn reads some variables by itself, before its configuration file, and answers most mistakes in
them with a traceback. So they are checked here first.
"""

import os
import shlex
import sys
from collections.abc import MutableMapping
from typing import NoReturn

from tasks_api.settings import ConfigError, number

# systemd sets the last two.
NUMBERS = {
    "WEB_CONCURRENCY": number(1, 256),
    "PORT": number(1, 65535),
    "LISTEN_FDS": number(0, 1000),
    "LISTEN_PID": number(0, 2**31),
}


def check(environ: MutableMapping[str, str]) -> None:
    """Check what gunicorn reads by itself; remove what is empty.

    Raises:
        ConfigError: a value is one that gunicorn can't use; the text names it.
    """
    for name, read in NUMBERS.items():
        if not environ.get(name):
            environ.pop(name, None)
            continue
        try:
            read(environ[name])
        except ConfigError as error:
            raise ConfigError(f"{name} {error}") from None
    if environ.get("SCRIPT_NAME"):
        raise ConfigError("SCRIPT_NAME must not be set: let the proxy in front remove the prefix.")
    # Of another gunicorn, whose child this process is: it would be taken for one that it replaces.
    environ.pop("GUNICORN_PID", None)
    # This import reads WEB_CONCURRENCY.
    from gunicorn.config import validate_string_to_addr_list  # noqa: PLC0415

    try:
        validate_string_to_addr_list(environ.get("FORWARDED_ALLOW_IPS", ""))
    except ValueError:
        raise ConfigError(
            "FORWARDED_ALLOW_IPS must be addresses or networks with commas between them, or *."
        ) from None
    check_options(environ.get("GUNICORN_CMD_ARGS", ""))


def check_options(text: str) -> None:
    """Check the options in GUNICORN_CMD_ARGS.

    Raises:
        ConfigError: gunicorn can't use them.
    """
    from gunicorn.config import Config  # noqa: PLC0415

    def refuse(message: object) -> NoReturn:
        [reason, *_] = str(message).splitlines()
        raise ConfigError(f"GUNICORN_CMD_ARGS has options that gunicorn can't use: {reason}")

    config = Config()
    parser = config.parser()
    parser.error = refuse  # type: ignore[method-assign]
    try:
        for name, value in vars(parser.parse_args(shlex.split(text))).items():
            if value is not None and name in config.settings:
                config.set(name, value)
        # These are looked at when they are used.
        for name in ("address", "worker_class"):
            getattr(config, name)
    except Exception as error:
        refuse(error)


def main() -> None:
    """Check, and become gunicorn."""
    check(os.environ)
    from gunicorn.app import wsgiapp  # noqa: PLC0415

    # With these, it starts its successor when it is told to (USR2).
    options = ["--config", "python:tasks_api.gunicorn_conf", *sys.argv[1:], "wsgi:app"]
    sys.argv = [wsgiapp.__file__, *options]
    wsgiapp.run(prog="gunicorn")


if __name__ == "__main__":
    main()
