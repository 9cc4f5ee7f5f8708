"""Private parts of libraries are used in few modules, which say so, in versions that were read."""

import ast
import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
MODULES = sorted(path.relative_to(SOURCE) for path in SOURCE.rglob("*.py"))
# The versions in which those parts were read.
READ = {
    "flask-smorest": "0.47",
    "gevent": "26.9",
    "gunicorn": "27.0",
    "prometheus_client": "0.26",
    "psycopg2": "2.9",
}
DISTRIBUTIONS = {"psycopg2": "psycopg2-binary"}
# What marshmallow says to override.
HOOKS = {"_deserialize"}


def parsed(module: Path) -> ast.Module:
    return ast.parse((SOURCE / module).read_text())


def docstring(module: Path) -> str:
    return ast.get_docstring(parsed(module)) or ""


def relying_on(library: str) -> list[str]:
    said = re.compile(rf"\brelies on\b.*\b{library}'s\b", re.DOTALL)
    return [str(module) for module in MODULES if said.search(docstring(module))]


@pytest.mark.parametrize("library", READ)
def test_version_is_the_one_in_which_private_parts_were_read(library):
    installed = version(DISTRIBUTIONS.get(library, library))
    modules = relying_on(library)
    assert modules
    assert installed.split(".")[:2] == READ[library].split("."), (
        f"{library} is {installed}: read again what these rely on, and then say so here: {modules}"
    )


def made_in(tree: ast.Module) -> Iterator[str]:
    """Yield what a module defines or assigns itself."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign() | ast.AnnAssign(value=ast.expr()):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    yield target.attr if isinstance(target, ast.Attribute) else ast.unparse(target)


def private_parts(tree: ast.Module) -> set[str]:
    """Return the private names that a module uses, and that are somebody else's."""
    own = {*made_in(tree)} | HOOKS
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and re.match("_[a-z]", node.attr)
        if node.attr not in own or (ast.unparse(node.value) == "super()" and node.attr not in HOOKS)
    }


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_module_names_the_private_parts_that_it_relies_on(module):
    named = docstring(module)
    assert {part for part in private_parts(parsed(module)) if part not in named} == set()
