"""Nobody is named in the log: no traceback has a text of a library, and DEBUG is for our lines."""

import json
import logging
import logging.config
import subprocess
import sys

import pytest
from tools.log_watch import watch

from tasks_api.config import from_environ
from tasks_api.database.engine import new_engine
from tasks_api.database.failures import StatementRefused
from tasks_api.http.log_format import JsonFormatter, TextFormatter

WRITTEN = "what a user wrote"


def formatted(formatter: logging.Formatter, error: BaseException) -> str:
    about = (type(error), error, error.__traceback__)
    return formatter.format(logging.LogRecord("x", logging.ERROR, "", 0, "message", (), about))


def fail(text: str, chain: str) -> None:
    try:
        int(text)
    except ValueError as error:
        if chain == "cause":
            raise StatementRefused("DataError, SQLSTATE 22P02") from error
        if chain == "context":
            raise KeyError(text)  # noqa: B904
        raise KeyError(text) from None


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
@pytest.mark.parametrize(
    ("chain", "ends"),
    [
        ("cause", ["ValueError", "StatementRefused: DataError, SQLSTATE 22P02"]),
        ("context", ["ValueError", "KeyError"]),
        ("none", ["KeyError"]),
    ],
)
def test_traceback_says_where_and_what_but_not_with_which_value(formatter, chain, ends):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        fail(WRITTEN, chain)
    text = formatted(formatter, caught.value)
    assert WRITTEN not in text
    text = json.loads(text)["exc_info"] if isinstance(formatter, JsonFormatter) else text
    parts = text.split("\n\n")
    assert all("in fail" in part for part in parts)
    assert [part.splitlines()[-1].split("failures.")[-1] for part in parts] == ends


def test_exceptions_that_name_each_other_end_all_the_same():
    one, other = ValueError(), KeyError()
    one.__cause__, other.__cause__ = other, one
    assert formatted(TextFormatter(), one).count("Traceback") == 2


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])
def test_level_is_that_of_our_own_lines_and_libraries_say_no_more_than_info(level):
    show = f"""
import logging.config
from tasks_api.http.log import logging_config
logging.config.dictConfig(logging_config({level!r}, "json"))
for name in ("tasks_api.x", "gunicorn.error", "x"):
    print(logging.getLevelName(logging.getLogger(name).getEffectiveLevel()))
"""
    result = subprocess.run(
        [sys.executable, "-c", show], capture_output=True, text=True, check=True
    )
    others = "INFO" if level == "DEBUG" else level
    assert result.stdout.split() == [level, others, others]


def test_connection_does_not_show_its_parameters(database_url):
    url = database_url.update_query_dict({"sslpassword": "my-secret"})
    connection = new_engine(url).raw_connection()
    assert "dsn" not in repr(connection.dbapi_connection)
    connection.close()


def test_settings_do_not_show_a_secret():
    url = "postgresql://user:my-secret@host/name?sslpassword=my-secret"
    assert "secret" not in repr(from_environ({"DATABASE_URL": url, "AUTH": "none"}))


def test_tests_notice_what_is_logged(user, tmp_path):
    """Otherwise the tests that log nothing wrong would say nothing."""
    logging.getLogger("x").warning("of %s", user)
    log = tmp_path / "log"
    watch.add(log)
    log.write_text(f'{{"route":"/api/{user}"}}\n{{"request_id":"{user}"}}\n')
    said = watch.take()
    assert [user in text for text in said] == [True, True]
    log.unlink()
