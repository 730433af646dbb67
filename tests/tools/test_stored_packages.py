"""The list of packages that the harness stores for the language host is pip's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.engine import STORED_PIP, listed_packages

pytestmark = pytest.mark.tools


def pip(*arguments: str, stored: Path | None = None) -> str:
    env = dict(os.environ)
    if stored is not None:
        env |= {"PYTHONPATH": str(STORED_PIP), "LISTED_PACKAGES": str(stored)}
    command = [sys.executable, "-m", "pip", *arguments]
    return subprocess.run(command, env=env, capture_output=True, check=True, text=True).stdout


def test_the_stored_list_is_printed(tmp_path: Path) -> None:
    arguments = ("list", "-v", "--format", "json")
    stored = tmp_path / "packages.json"
    stored.write_text(listed_packages())
    assert pip(*arguments, stored=stored) == pip(*arguments)

    changed = json.loads(stored.read_text()) | {"output": "stored"}
    stored.write_text(json.dumps(changed))
    assert pip(*arguments, stored=stored) == "stored"
    stored.write_text(json.dumps(changed | {"prefix": "another virtual environment"}))
    assert pip(*arguments, stored=stored) == pip(*arguments)


def test_all_other_commands_run_the_real_pip(tmp_path: Path) -> None:
    stored = tmp_path / "packages.json"
    stored.write_text(listed_packages())
    assert pip("--version", stored=stored) == pip("--version")
