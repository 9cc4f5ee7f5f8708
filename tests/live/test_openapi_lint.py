"""The rules of two linters that others use find nothing in the OpenAPI document."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from tools.npm import install, needs_npm
from tools.server import ROOT

DOCUMENT = ROOT / "openapi" / "openapi.json"
LINTERS = {"@stoplight/spectral-cli": "6.16.3", "@redocly/cli": "2.77.0"}
# All rules, also those that Spectral doesn't recommend.
RULESET = """\
extends: [["spectral:oas", all]]
rules:
  # The maintainers have no page or address to name.
  contact-properties: off
  # Tags stand in the order in which one tries them.
  openapi-tags-alphabetical: off
"""
NO_TELEMETRY = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}

pytestmark = [pytest.mark.long, needs_npm]


@pytest.fixture(scope="module")
def linters() -> Path:
    """Where the linters are."""
    home = ROOT / "var" / "npm"
    home.mkdir(parents=True, exist_ok=True)
    (home / "package.json").write_text(json.dumps({"dependencies": LINTERS}))
    return install(home) / ".bin"


def test_spectral_has_not_even_a_hint(linters, tmp_path):
    ruleset = tmp_path / "ruleset.yaml"
    ruleset.write_text(RULESET)
    result = subprocess.run(
        [linters / "spectral", "lint", "--ruleset", ruleset, "--fail-severity=hint", DOCUMENT],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_redocly_has_neither_an_error_nor_a_warning(linters, tmp_path):
    result = subprocess.run(
        [linters / "redocly", "lint", "--extends", "recommended-strict", "--format=json", DOCUMENT],
        cwd=tmp_path,
        env=os.environ | NO_TELEMETRY,
        capture_output=True,
        text=True,
        check=False,
    )
    # Its exit status is 0 when there are only warnings.
    assert json.loads(result.stdout)["problems"] == [], result.stdout
    assert result.returncode == 0, result.stderr
