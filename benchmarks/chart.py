"""The figures of a run as bars: an SVG that can be read on light and on dark pages."""

from __future__ import annotations

from report import FIVE, Rounds, complete, rate
from servers import Server

LEFT, LENGTH, WIDTH, STEP = 280, 400, 740, 17
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328 } rect { fill: #afb8c1 }
.head { font-weight: 600 } .label { text-anchor: end } .ours { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc } rect { fill: #545d68 } .ours { fill: #4493f8 }
}
"""


def draw(rounds: Rounds, servers: list[Server]) -> str:
    """Return the chart: for each kind of request a bar for each server, all to one scale."""
    servers = complete(rounds, servers)
    highest = max((rate(rounds, one.name, case) for one in servers for case in FIVE), default=1)
    parts, y = [], 4
    for case in FIVE:
        y += STEP
        parts.append(f'<text class="head" x="8" y="{y}">{case}, requests a second</text>')
        for server in servers:
            y += STEP
            number = rate(rounds, server.name, case)
            length = number / highest * LENGTH
            bar = f'x="{LEFT}" y="{y - 10}" width="{length:.1f}" height="12"'
            parts += [
                f'<text class="label" x="{LEFT - 8}" y="{y}">{server.label}</text>',
                f'<rect {bar} class="{"ours" if server.ours else "peer"}"/>',
                f'<text x="{LEFT + length + 6:.1f}" y="{y}">{number:,.0f}</text>',
            ]
        y += STEP
    head = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {y}">'
    title = "<title>Requests a second of each server, for each kind of request</title>"
    return "\n".join([head, title, f"<style>{STYLE}</style>", *parts, "</svg>", ""])
