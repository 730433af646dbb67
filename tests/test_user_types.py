"""What a type checker tells the author of a program: it accepts what works, and finds mistakes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = """
import pulumi

import kubiya_pulumi as kubiya

runner = kubiya.KubiyaRunner("runner", name=pulumi.Output.from_input("r"), description="text")
kubiya.KubiyaRunner("wrong", description=1)  # error: arg-type
kubiya.KubiyaRunner("wrong", adopt_existing="yes")  # error: arg-type
kubiya.KubiyaRunner("wrong", descripton="a")  # error: call-arg
kubiya.KubiyaRunner("wrong", "positional")  # error: call-arg
kubiya.KubiyaRunner()  # error: call-arg
name: pulumi.Output[str] = runner.name
version: pulumi.Output[str] = runner.version  # error: assignment
runner.nonsense  # error: attr-defined
existing = kubiya.KubiyaRunner.get("existing", "r")
other: kubiya.RunnerHealth = existing  # error: assignment

manifest = kubiya.RunnerManifest("manifest", runner=runner.id)
kubiya.RunnerManifest("wrong")  # error: call-arg
images: pulumi.Output[list[str]] = manifest.images

health = kubiya.RunnerHealth("health", runner=runner.id, timeout_seconds=60, checks=["a"])
kubiya.RunnerHealth("wrong", runner=runner.id, timeout_seconds="60")  # error: arg-type

policy = kubiya.ManifestPolicy(deny=["critical"])
deployment = kubiya.RunnerDeployment("deployment", policy=policy)
kubiya.RunnerDeployment("wrong", policy="critical")  # error: arg-type
sha256: pulumi.Output[str] = deployment.manifest_sha256

provider = kubiya.KubiyaProvider("provider", api_key="key")
kubiya.KubiyaProvider("wrong", max_retries=[])  # error: arg-type

found = kubiya.get_runner("r")
description: str | None = found.description
wrong: int = found.description  # error: assignment
pulumi.export("runners", [item.name for item in kubiya.get_runners()])
later: pulumi.Output[kubiya.GetRunnerResult] = kubiya.get_runner_output(runner.id)
"""


MISTAKES = {
    number: match[1]
    for number, line in enumerate(PROGRAM.splitlines(), 1)
    if (match := re.search(r"# error: ([a-z-]+)$", line))
}
"""The code of mypy for each line with a mistake."""
PYRIGHT_RULES = {
    "arg-type": "reportArgumentType",
    "assignment": "reportAssignmentType",
    "attr-defined": "reportAttributeAccessIssue",
    "call-arg": "reportCallIssue",
}


@pytest.fixture
def program(tmp_path: Path) -> Path:
    file = tmp_path / "program.py"
    file.write_text(PROGRAM)
    return file


def run_pyright(*arguments: str | Path, cwd: Path) -> dict[str, Any]:
    """Run pyright with the packages of this Python, and return its report."""
    assert shutil.which("node"), "pyright needs Node.js: install version 20 or newer"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    # pyright does not find a package that is installed as editable.
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pyright", "--outputjson", *map(str, arguments)]
    result = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def test_mypy_accepts_what_works_and_finds_each_mistake(program: Path) -> None:
    options = ["--strict", "--no-error-summary", "--hide-error-context", "--no-pretty"]
    cache = f"--cache-dir={ROOT / '.mypy_cache' / 'user_types'}"
    result = subprocess.run(
        [sys.executable, "-m", "mypy", *options, cache, "--config-file=", str(program)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.findall(r"program\.py:(\d+): error: .*\[([a-z-]+)\]$", result.stdout, re.MULTILINE)
    assert {int(line): code for line, code in found} == MISTAKES, result.stdout


def test_pyright_accepts_what_works_and_finds_each_mistake(program: Path) -> None:
    (program.parent / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
    found: dict[int, set[str]] = defaultdict(set)
    for item in run_pyright(program, cwd=program.parent)["generalDiagnostics"]:
        found[item["range"]["start"]["line"] + 1].add(item["rule"])
    assert found.keys() == MISTAKES.keys()
    # A mistake may cause other errors in its line.
    assert [line for line, code in MISTAKES.items() if PYRIGHT_RULES[code] not in found[line]] == []


def test_every_public_type_is_complete(tmp_path: Path) -> None:
    report = run_pyright("--verifytypes", "kubiya_pulumi", "--ignoreexternal", cwd=tmp_path)
    completeness = report["typeCompleteness"]
    incomplete = [item["name"] for item in completeness["symbols"] if not item["isTypeKnown"]]
    assert incomplete == []
    assert completeness["completenessScore"] == 1
