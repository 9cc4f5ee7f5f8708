"""The lines of the documents give the output below them, and their links lead somewhere."""

import re
import shlex
import subprocess

import pytest
from tools.server import BIN, ROOT, environment

LINK = re.compile(r"\]\(([^)#:]+)[^):]*\)")
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What differs from run to run.
VARIABLE = [
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z"), "TIME"),
    (re.compile(r'"request_id":"[0-9a-f]{32}"'), "REQUEST"),
]
DOCUMENTS = [
    document
    for document in (*ROOT.glob("*.md"), *ROOT.glob("*/*.md"))
    if CONSOLE.search(document.read_text())
]


def same(transcript: str) -> list[str]:
    for pattern, name in VARIABLE:
        transcript = pattern.sub(name, transcript)
    # curl keeps the line ends of HTTP.
    return [line.rstrip("\r") for line in transcript.splitlines()]


def settings_in(lines: list[str]) -> dict[str, str]:
    """What a document exports before it starts the service."""
    exported = [line.removeprefix("$ export ") for line in lines if line.startswith("$ export ")]
    return dict(setting.split("=", 1) for line in exported for setting in shlex.split(line))


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(
            document,
            id=str(document.relative_to(ROOT)),
            # A newcomer begins with README.
            marks=[] if document.name == "README.md" else pytest.mark.long,
        )
        for document in DOCUMENTS
    ],
)
def test_lines_of_a_document_give_its_output(serve, tmp_path, document):
    """Copied into a shell one after the other, as a newcomer would."""
    lines = [
        line
        for block in CONSOLE.findall(document.read_text())
        for line in block.splitlines()
        if not line.startswith("# ")
    ]
    server = serve(**settings_in(lines))
    here = {
        "http://127.0.0.1:8000": server.url,
        ".venv/bin/": f"{shlex.quote(str(BIN))}/",
        "/tmp/copy.json": shlex.quote(str(tmp_path / "copy.json")),
        # It serves already.
        "make run &": ":",
        # The environment is that of the tests, even if its requirements have changed since.
        "make token": "make --old-file=.venv/run token",
    }
    # Where its output goes to a file, curl would print a progress bar.
    script = ['curl() { command curl --silent "$@"; }']
    for line in lines:
        if line.startswith("$ "):
            script.append(f"printf '%s\\n' {shlex.quote(line)}")
            command = line.removeprefix("$ ")
            for in_the_document, in_the_test in here.items():
                command = command.replace(in_the_document, in_the_test)
            script.append(command)
            if command.startswith("curl ") and not re.search(r" -w | \| ", command):
                # curl ends no line where the answer has none.
                script.append("echo")
    result = subprocess.run(
        ["bash"],
        input="\n".join(script),
        cwd=ROOT,
        env=environment(DATA_DIR=tmp_path / "data"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert same(result.stdout) == same("\n".join(lines))


def test_files_that_documents_link_to_are_there():
    links = [
        document.parent / link
        for document in (*ROOT.glob("*.md"), *ROOT.glob("*/*.md"))
        for link in LINK.findall(document.read_text())
    ]
    assert ROOT / "docs" / "docs.png" in links
    assert [link for link in links if not link.exists()] == []
