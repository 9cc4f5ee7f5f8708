"""Print all statements of the service as PostgreSQL gets them: `make statements`.

They are found, not listed: whatever a module of the service has, as it is or in an object. Where a
statement depends on the request, one of each kind is built here.
"""

import gc
import inspect
import re
import sys
from collections.abc import Iterator
from textwrap import fill
from types import ModuleType

from pglast import prettify

from tasks_api import app
from tasks_api.database.statements import Statement
from tasks_api.tasks.folding import folded
from tasks_api.tasks.item import statements as item
from tasks_api.tasks.item.members import MEMBERS
from tasks_api.tasks.lists import statements as lists
from tasks_api.tasks.lists.orders import orders
from tasks_api.tasks.models import NEWEST_FIRST, SORTS

TOP = """\
-- All statements of the service, as PostgreSQL gets them: each is prepared on a connection when it
-- is first run there. A list has one for each set of filters with each order, a change of a task
-- one for each set of members: here they are with one filter and one member.
--
-- Paste one into psql. To run it, or to see how PostgreSQL would, give it values for $1, $2 and so
-- on, which the comment above it names. Where that says `= 1`, the service always gives this value.
-- For `expected`, `known`, `began` and others of the kind, NULL stands for "not asked for".
--
--     EXECUTE q0123456789abcdef ('6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11', NULL);
--     EXPLAIN (ANALYZE, BUFFERS) EXECUTE q0123456789abcdef ('6f1d6a3e-…', NULL);
--
-- `make statements` writes this file.
"""
# Where a statement is found, what it is called there, and itself or an object that has it.
Found = tuple[ModuleType, str, object]


def by_request() -> Iterator[Found]:
    """Yield what depends on the request."""

    def of_list(
        what: str, *filters: str, sort: str = NEWEST_FIRST, trash=False, seek=False, count=False
    ) -> Found:
        statement = lists._statement(frozenset(filters), sort, trash=trash, seek=seek, count=count)
        return lists, f"list_tasks, {what}", statement

    yield of_list("newest first")
    yield of_list("newest first, from a cursor on", seek=True)
    yield of_list("newest first, count", count=True)
    yield of_list("newest first, deleted", trash=True)
    for name in lists.FILTERS:
        yield of_list(f"newest first, {name}", name)
    yield of_list("sort=title", sort="title_folded")
    for sort in (*SORTS, *(f"-{name}" for name in SORTS)):
        for order in orders(sort):
            yield of_list(f"sort={order}, from a cursor on", sort=order, seek=True)
    for member in MEMBERS:
        columns = {member, *folded({member: ""})}
        yield item, f"change_task, {member}", item.write_of(frozenset(columns))


def modules() -> list[ModuleType]:
    """Return the service's modules."""
    names = sorted(name for name in sys.modules if name.startswith(f"{app.__package__}."))
    return [sys.modules[name] for name in names]


def always() -> Iterator[Found]:
    """Yield what the modules have made."""
    for module in modules():
        source = inspect.getsource(module)
        for name, it in vars(module).items():
            # What it has imported is named where it was made.
            if re.search(rf"^{name}\b[^=\n]* = ", source, re.MULTILINE):
                yield module, name, it


def statements_of(name: str, it: object) -> Iterator[tuple[str, Statement]]:
    """Yield a statement, or those that an object has as its attributes."""
    if isinstance(it, Statement):
        yield name, it
    for attribute, value in getattr(it, "__dict__", {}).items():
        if isinstance(value, Statement):
            yield f"{name}, {attribute.strip('_')}", value


def written(module: ModuleType, name: str, statement: Statement) -> str:
    """Return a statement under a comment: where it is, and what its parameters are."""
    always = statement.constants
    parameters = ", ".join(
        f"${number}\xa0{it}" + (f"\xa0=\xa0{always[it]}" if it in always else "")
        for number, it in enumerate(statement.names, 1)
    )
    comment = [f"{module.__name__}: {name}", *fill(parameters, 97).splitlines()]
    # It parses as PostgreSQL does, and makes sure that what it writes is the same statement.
    sql = prettify(statement.text, compact_lists_margin=70, comma_at_eoln=True)
    return "".join(f"-- {line}\n" for line in comment).replace("\xa0", " ") + f"{sql};\n"


def document() -> str:
    """Return all statements.

    Raises:
        LookupError: there are others.
    """
    found: dict[str, tuple[ModuleType, str, Statement]] = {}
    for module, name, it in (*always(), *by_request()):
        for full_name, statement in statements_of(name, it):
            found.setdefault(statement.name, (module, full_name, statement))
    for it in gc.get_objects():
        if isinstance(it, Statement) and it.name not in found:
            raise LookupError(f"not found in any module: {it.text}")
    for module in modules():
        for name, it in vars(module).items():
            # The statements that it makes are kept in a cache, and here there are none.
            is_cached = "Statement" in vars(module) and hasattr(type(it), "cache_info")
            if is_cached and not it.cache_info().currsize:
                raise LookupError(f"`by_request` must call {module.__name__}.{name}")
    ordered = sorted(found.values(), key=lambda it: it[0].__name__)
    return "\n".join([TOP, *(written(*it) for it in ordered)])


if __name__ == "__main__":
    sys.stdout.write(document())
