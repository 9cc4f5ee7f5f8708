"""README's lines give README's output."""

from __future__ import annotations

import re
import subprocess

from live.server import ROOT, environment

CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What differs from run to run.
VARIABLE = [
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z"), "TIME"),
    (re.compile(r'"request_id":"[0-9a-f]{32}"'), "REQUEST"),
]


def same(text: str) -> str:
    for pattern, name in VARIABLE:
        text = pattern.sub(name, text)
    return text


def test_lines_of_the_readme_give_its_output(serve, tmp_path):
    """Copied into a shell one after the other, as a newcomer would."""
    [*blocks] = CONSOLE.findall((ROOT / "README.md").read_text())
    server = serve()
    script, expected = [], []
    for line in "".join(blocks).splitlines():
        if line.startswith("$ "):
            script.append(line.removeprefix("$ "))
            # curl ends no line where the answer has none.
            script += ["echo"] if " -w " not in line and line.startswith("$ curl") else []
        else:
            expected.append(line)
    text = "\n".join(script).replace("http://127.0.0.1:8000", server.url)
    text = text.replace("/tmp/copy.json", str(tmp_path / "copy.json")).replace("curl ", "curl -s ")
    result = subprocess.run(
        ["bash", "-e"],
        input=text,
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert [same(line) for line in result.stdout.splitlines()] == [same(line) for line in expected]
    assert len(expected) >= 9
