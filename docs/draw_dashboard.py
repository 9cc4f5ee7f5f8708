"""Draw docs/grafana-dashboard.png: what the dashboard's own queries find in a Prometheus.

This is no screenshot of Grafana. It needs matplotlib, and a Prometheus that has scraped the service
as its job `tasks-api`:

    python docs/draw_dashboard.py http://127.0.0.1:9090 --minutes 10
"""

import argparse
import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import matplotlib.pyplot as plt
import requests
from matplotlib.dates import DateFormatter

DOCS = Path(__file__).parent
DASHBOARD = json.loads((DOCS / "grafana-dashboard.json").read_text())
COLUMNS = 3
STEP_SECONDS = 5
# What Grafana would put in place of its variables.
VARIABLES = {"$job": "tasks-api", "$__rate_interval": "30s"}


def query(prometheus, expression, start, end):
    """Return the series that an expression of the dashboard has, with their labels."""
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    parameters = {"query": expression, "start": start, "end": end, "step": STEP_SECONDS}
    answer = requests.get(f"{prometheus}/api/v1/query_range", parameters, timeout=30)
    answer.raise_for_status()
    return [(series["metric"], series["values"]) for series in answer.json()["data"]["result"]]


def draw(axes, panel, prometheus, start, end):
    """Draw a panel as Grafana's `timeseries` does: a line for each series."""
    for target in panel["targets"]:
        for labels, values in query(prometheus, target["expr"], start, end):
            times = [datetime.fromtimestamp(at, UTC) for at, _ in values]
            name = re.sub(
                r"{{(\w+)}}", lambda it, of=labels: of.get(it[1], ""), target["legendFormat"]
            )
            axes.plot(times, [float(value) for _, value in values], label=name, linewidth=1)
    axes.set_title(panel["title"], fontsize=9, loc="left")
    axes.set_ylabel(panel["fieldConfig"]["defaults"]["unit"], fontsize=7)
    axes.set_ylim(bottom=0)
    axes.set_xlim(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))
    axes.xaxis.set_major_formatter(DateFormatter("%H:%M"))
    axes.tick_params(labelsize=7)
    axes.grid(visible=True, alpha=0.3)
    if axes.lines:
        axes.legend(fontsize=5, loc="upper left")


def main():
    """Read the command line and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prometheus", help="its address")
    parser.add_argument("--minutes", type=float, default=10, help="how many, up to now; default 10")
    parser.add_argument("--end", type=float, default=time.time(), help="Unix time; default now")
    parser.add_argument("--output", type=Path, default=DOCS / "grafana-dashboard.png")
    options = parser.parse_args()
    panels = DASHBOARD["panels"]
    rows = -(-len(panels) // COLUMNS)
    figure, grid = plt.subplots(rows, COLUMNS, figsize=(15, 2.8 * rows), layout="constrained")
    for axes, panel in zip(grid.flat, panels, strict=False):
        draw(axes, panel, options.prometheus, options.end - options.minutes * 60, options.end)
    figure.savefig(options.output, dpi=90)


if __name__ == "__main__":
    main()
