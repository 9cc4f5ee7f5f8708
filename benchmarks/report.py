"""The figures of a run, as Markdown tables."""

from __future__ import annotations

from dataclasses import fields
from statistics import geometric_mean, median

from cases import CASES
from load import Figures
from servers import Server

# What was measured in each round, for each server and kind of request.
Rounds = dict[tuple[str, str], list[Figures]]
FIVE = [case.name for case in CASES if not case.ours]


def rate(rounds: Rounds, server: str, case: str) -> float:
    """Return the median of the requests a second."""
    return median(figures.rate for figures in rounds[server, case])


def ratio(rounds: Rounds, one: str, other: str, case: str) -> float | None:
    """Return how many times another server's requests a second one has, if both were measured.

    It is the median of the rounds' own ratios: the two figures of a round were measured soon
    after each other, so a slow spell of the machine hits both.
    """
    if (one, case) not in rounds or (other, case) not in rounds:
        return None
    pairs = zip(rounds[one, case], rounds[other, case], strict=True)
    return median(figures.rate / others.rate for figures, others in pairs)


def overall(rounds: Rounds, one: str, other: str) -> str:
    """Return the geometric mean of the five ratios, where all were measured."""
    ratios = [ratio(rounds, one, other, case) for case in FIVE]
    return f"{geometric_mean(ratios):.2f}" if None not in ratios else ""


def complete(rounds: Rounds, servers: list[Server]) -> list[Server]:
    """Return the servers that were measured with all five kinds of request."""
    return [one for one in servers if all((one.name, case) in rounds for case in FIVE)]


def short_table(rounds: Rounds, servers: list[Server]) -> str:
    """Return the table for README: a row for each server."""
    head = ["Requests a second", *FIVE, "relative to ours", "ours to it", "ours, granian, to it"]
    rows = []
    for server in complete(rounds, servers):
        name = server.name
        pairs = ((name, "ours"), ("ours", name), ("ours-granian", name))
        rates = [f"{rate(rounds, name, case):,.0f}" for case in FIVE]
        rows.append([server.label, *rates, *(overall(rounds, *pair) for pair in pairs)])
    return _table(head, rows)


def full_table(rounds: Rounds, servers: list[Server]) -> str:
    """Return the table of all figures: a row for each kind of request and server."""
    names = [member.name for member in fields(Figures)]
    rows = []
    for case in CASES:
        for server in servers:
            if found := rounds.get((server.name, case.name)):
                times = ratio(rounds, server.name, "ours", case.name)
                rates = [figures.rate for figures in found]
                middle = [
                    median(getattr(figures, name) for figures in found) for name in names[1:5]
                ]
                rows.append(
                    [
                        case.name,
                        server.name,
                        f"{median(rates):.0f}",
                        f"{min(rates):.0f} to {max(rates):.0f}",
                        *(f"{number:.1f}" for number in middle[:2]),
                        *(f"{number:.0f}" for number in middle[2:]),
                        f"{times:.2f}" if times else "",
                        str(sum(figures.repeated for figures in found)),
                    ]
                )
    head = "Request, Server, Requests/s, Lowest to highest, p50 ms, p99 ms, CPU µs workers, "
    head += "CPU µs PostgreSQL, Relative to ours, Repeated"
    return _table(head.split(", "), rows)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
