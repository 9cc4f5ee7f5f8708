"""What is found, and in which order, is the same whatever locale a database was made with."""

import pytest
import sqlalchemy as sa
from tools.databases import new_database

from tasks_api.app import create_app
from tasks_api.config import Config
from tasks_api.database import migrations
from tasks_api.database.engine import new_engine
from tasks_api.tasks.folding import fold

LIBC = "LOCALE_PROVIDER libc LC_COLLATE '{0}' LC_CTYPE '{0}'"
ICU = "LOCALE_PROVIDER icu ICU_LOCALE '{}' LC_COLLATE 'C' LC_CTYPE 'C'"
BUILTIN = "LOCALE_PROVIDER builtin BUILTIN_LOCALE '{}' LC_COLLATE 'C' LC_CTYPE 'C'"
LOCALES = {
    "C": LIBC.format("C"),
    "C.UTF-8": LIBC.format("C.UTF-8"),
    "C with letters of C.UTF-8": "LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'",
    "en_US": LIBC.format("en_US.UTF-8"),
    "tr_TR": LIBC.format("tr_TR.UTF-8"),
    "ICU": ICU.format("und"),
    "ICU, Turkish": ICU.format("tr"),
    "ICU, numbers and capitals first": ICU.format("en-u-kn-true-kf-upper"),
    "builtin C": BUILTIN.format("C"),
    "builtin C.UTF-8": BUILTIN.format("C.UTF-8"),
    "builtin PG_UNICODE_FAST": BUILTIN.format("PG_UNICODE_FAST"),
}
TITLES = [
    *(
        "Zebra",
        "apple",
        "Éclair",
        "Ärger",
        "Straße 10",
        "STRASSE 9",
        "Δρόμος",
        "ισταμαι",
        "İstanbul",
    ),
    *(
        "ISPARTA",
        "\u0131rmak",
        "привет",
        "が",
        "ｶﾞ",
        "한글",
        "漢字",
        "a-b",
        "a b",
        "ab",
        "😀",
        "_",
        "%",
    ),
]
SEARCHES = {
    "ARGER": {"Ärger"},
    "strasse": {"Straße 10", "STRASSE 9"},
    "ΔΡΌΜΟΣ": {"Δρόμος"},
    "elan": set(),
    "eclair": {"Éclair"},
    "IS": {"İstanbul", "ISPARTA"},
    "irm": {"\u0131rmak"},
    "ПРИВЕТ": {"привет"},
    "가": set(),
    "_": {"_"},
}


@pytest.fixture(params=LOCALES)
def client(request, database_url):
    options = f"template0 ENCODING 'UTF8' {LOCALES[request.param]}"
    try:
        with new_database(database_url, options) as url:
            migrations.upgrade(new_engine(url))
            yield create_app(Config(database_url=url)).test_client()
    except sa.exc.DBAPIError as error:
        if "CREATE DATABASE" not in str(error.statement):
            raise
        pytest.skip(f"this server can't make such a database: {error.orig}")


def test_searches_and_orders_are_the_same_on_every_database(client, path):
    answer = client.post(f"{path}/batch", json=[{"title": title} for title in TITLES])
    assert answer.status_code == 201
    for q, expected in SEARCHES.items():
        found = client.get(path, query_string={"q": q}).json
        assert {task["title"] for task in found} == expected
    for sort, reverse in (("title", False), ("-title", True)):
        listed = [task["title"] for task in client.get(path, query_string={"sort": sort}).json]
        assert listed == sorted(TITLES, key=lambda title: fold(title, 1000), reverse=reverse)
