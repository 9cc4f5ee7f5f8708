"""What the documents name is there: files, headings, commands, settings, constants, metrics."""

import ast
import re
from dataclasses import fields
from functools import reduce
from pathlib import Path

import click
import pytest

from tasks_api.config import Config

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "tasks_api"
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
OPERATING = (ROOT / "docs" / "operating.md").read_text()
CLIENTS = (ROOT / "docs" / "clients.md").read_text()
ADAPTERS = sorted(ROOT.glob("examples/clients/*.*"))
ALL_SOURCE = "\n".join(path.read_text() for path in SOURCE.parent.rglob("*.py"))

LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)(?:#([^)\s]+))?\)")
# `flask routes` is Flask's own.
COMMAND = re.compile(r"flask --app wsgi (?!routes)([a-z]+(?: [a-z]+)?)")
# | What | Value | `SETTING` |, and | What | Value | `file.py` `CONSTANT` |
SETTING = re.compile(r"^\|[^|]*\| ([\d,]+)[^|]*\| `([A-Z_]+)` \|$", re.MULTILINE)
CONSTANT = re.compile(
    r"^\|[^|]*\| ([\d,]+)( s| h)? \| `([\w/]+\.py)` `(\w+)` \|$",
    re.MULTILINE,
)
SECONDS = {"": 1, " s": 1, " h": 3600}
DEFAULTS = {field.name.upper(): field.default for field in fields(Config)}


def anchors(document: Path) -> set[str]:
    """The headings as GitHub links them."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def number(text: str) -> int:
    return int(text.replace(",", ""))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document):
    for target, anchor in LINK.findall(document.read_text()):
        path = document.parent / target if target else document
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), anchor


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_exist(app, document):
    for command in COMMAND.findall(document.read_text()):
        reduce(
            lambda group, name: group.commands[name] if isinstance(group, click.Group) else group,
            command.split(),
            app.cli,
        )


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda path: path.name)
def test_adapter_is_in_the_document_as_it_is(adapter):
    assert f"```{adapter.suffix[1:]}\n{adapter.read_text()}```" in CLIENTS


def test_sample_beside_an_adapter_is_what_its_test_runs():
    programs = [path.read_text() for path in ROOT.glob("tests/live/*/*.js*")]
    samples = re.findall(r"^```jsx?\n((?:.*\n)*?)```$", CLIENTS, re.MULTILINE)
    assert samples
    tried = [path.read_text() for path in ADAPTERS] + programs
    assert [sample for sample in samples if not any(sample in text for text in tried)] == []


def test_operating_names_only_settings_that_exist():
    words = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+|AUTH|PORT|HOST)(?:=[^`]*)?`", OPERATING))
    names_of_sql_and_constants = {name for *_, name in CONSTANT.findall(OPERATING)}
    assert words - names_of_sql_and_constants <= DEFAULTS.keys()


@pytest.mark.parametrize(("value", "name"), SETTING.findall(OPERATING))
def test_bound_is_the_default_of_its_setting(value, name):
    assert number(value) == DEFAULTS[name]


@pytest.mark.parametrize(("value", "unit", "path", "name"), CONSTANT.findall(OPERATING))
def test_bound_is_the_constant_in_the_code(value, unit, path, name):
    [source] = [root / path for root in (SOURCE, SOURCE.parent) if (root / path).exists()]
    [expression] = re.findall(rf"^{name} = (.*)$", source.read_text(), re.MULTILINE)
    # A literal, or a product such as 24 * 3600.0.
    factors = [ast.literal_eval(factor.strip()) for factor in expression.split("*")]
    assert reduce(lambda a, b: a * b, factors) == number(value) * SECONDS[unit]


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\btasks_api_\w+", OPERATING))))
def test_metric_exists(name):
    plain = re.sub("_(total|count|bucket|sum)$", "", name)
    # The worker's metrics get the first word of their names from the service.
    assert f'"{plain}"' in ALL_SOURCE or f'"{plain.removeprefix("tasks_api_")}"' in ALL_SOURCE


@pytest.mark.parametrize(
    ("logger", "message"), re.findall(r'"logger":"([\w.]+)","message":"([^:"]+)', OPERATING)
)
def test_line_of_the_log_is_written_by_its_logger(logger, message):
    assert any(
        f'getLogger("{logger}")' in text and message in text
        for text in (path.read_text() for path in SOURCE.parent.rglob("*.py"))
    )
