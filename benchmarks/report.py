"""The figures of a run; `templates/` makes tables and a chart of them."""

from dataclasses import dataclass
from pathlib import Path
from statistics import geometric_mean, median

from cases import CASES
from jinja2 import Environment, FileSystemLoader
from load import Figures
from servers import Server

FIVE = [case.name for case in CASES if not case.ours]


@dataclass(frozen=True)
class Report:
    """What was measured in each round, for each server and kind of request, and on what."""

    servers: list[Server]
    rounds: dict[tuple[str, str], list[Figures]]
    run: dict[str, str]

    def middle(self, server: str, case: str, name: str = "rate") -> float:
        """Return the median of a figure over the rounds."""
        return median(getattr(figures, name) for figures in self.rounds[server, case])

    def ratio(self, one: str, other: str, *cases: str) -> str:
        """Return how many times another server's requests a second one has, where both are known.

        It is the geometric mean over the kinds of request. For each it is the median of the rounds'
        own ratios, so that a machine which is slow for a whole round counts for both.
        """
        if any((name, case) not in self.rounds for name in (one, other) for case in cases):
            return ""
        ratios = []
        for case in cases:
            pairs = zip(self.rounds[one, case], self.rounds[other, case], strict=True)
            ratios.append(median(figures.rate / others.rate for figures, others in pairs))
        return f"{geometric_mean(ratios):.2f}"

    def complete(self) -> list[Server]:
        """Return the servers that were measured with all that the peers can do."""
        return [
            one for one in self.servers if all((one.name, case) in self.rounds for case in FIVE)
        ]

    def render(self, template: str) -> str:
        """Fill in a template."""
        folder = FileSystemLoader(Path(__file__).with_name("templates"))
        environment = Environment(loader=folder, trim_blocks=True, keep_trailing_newline=True)
        return environment.get_template(template).render(report=self, five=FIVE, cases=CASES)
