"""README's table of settings says what `config.py` reads."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from tasks_api.config import Config

README = Path(__file__).parents[1] / "README.md"
ROW = re.compile(r"^\| `([A-Z_]+)` \| (.*?) \|", re.MULTILINE)
TABLE = dict(ROW.findall(README.read_text()))
# The number of workers comes from the machine.
NUMBERS = {
    field.name.upper(): field.default
    for field in fields(Config)
    if type(field.default) is int and field.name != "web_concurrency"
}


def test_table_names_every_setting_and_no_other():
    assert TABLE.keys() == {field.name.upper() for field in fields(Config)}


@pytest.mark.parametrize("name", NUMBERS)
def test_table_has_the_default_of_a_number(name):
    assert TABLE[name] == str(NUMBERS[name])
