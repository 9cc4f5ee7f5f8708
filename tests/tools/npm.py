"""Programs from npm, which tests install under `var`."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

NO_NETWORK = re.compile(r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|ETIMEDOUT")

needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")


def install(home: Path) -> Path:
    """Install what `package.json` there names; npm asks no registry for what is there already."""
    result = subprocess.run(
        ["npm", "install", "--prefix", home, "--ignore-scripts", "--no-audit", "--no-fund"],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode and NO_NETWORK.search(result.stderr):
        pytest.skip("npm can't reach its registry")
    assert result.returncode == 0, result.stderr
    return home / "node_modules"
