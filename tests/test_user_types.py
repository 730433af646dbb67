"""What a type checker tells the author of a program: it accepts what works, and finds mistakes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

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


def test_mypy_accepts_what_works_and_finds_each_mistake(tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text(PROGRAM)
    expected = {
        number: match[1]
        for number, line in enumerate(PROGRAM.splitlines(), 1)
        if (match := re.search(r"# error: ([a-z-]+)$", line))
    }
    options = ["--strict", "--no-error-summary", "--hide-error-context", "--no-pretty"]
    cache = f"--cache-dir={ROOT / '.mypy_cache' / 'user_types'}"
    result = subprocess.run(
        [sys.executable, "-m", "mypy", *options, cache, "--config-file=", str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.findall(r"program\.py:(\d+): error: .*\[([a-z-]+)\]$", result.stdout, re.MULTILINE)
    assert {int(line): code for line, code in found} == expected, result.stdout
