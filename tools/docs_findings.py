"""The table of what the command `review` finds in the emulator's manifest, for the docs."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from kubiya_pulumi.emulator import Emulator
from kubiya_pulumi.review.findings import Severity

RUNNER = "runner-prod"
"""The name of the runner in the examples."""


def findings_lines() -> list[str]:
    """Return the lines of the table, after one with the numbers of findings."""
    findings = review_emulated_manifest()["findings"]
    numbers = Counter(finding["severity"] for finding in findings)
    counts = [_count(numbers[severity], severity) for severity in Severity]
    return [
        f"**{', '.join(counts)}:**",
        "",
        "| Severity | Rule | Object | Message |",
        "| --- | --- | --- | --- |",
        *map(_row, findings),
    ]


def review_emulated_manifest() -> dict[str, Any]:
    """Return what the command prints as JSON about the manifest of a new runner."""
    with tempfile.TemporaryDirectory() as folder, Emulator() as emulator:
        emulator.add_runner(RUNNER)
        file = Path(folder, "manifest.yaml")
        file.write_text(emulator.runners[RUNNER].manifest, "utf-8")
        command = [sys.executable, "-m", "kubiya_pulumi", "review", str(file)]
        output = subprocess.run(
            [*command, "--format", "json"], check=True, stdout=subprocess.PIPE, text=True
        ).stdout
    review: dict[str, Any] = json.loads(output)
    return review


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _row(finding: dict[str, Any]) -> str:
    place = finding["object"]
    name = "/".join(filter(None, (place["kind"], place["namespace"], place["name"])))
    message = finding["message"].replace("*", "\\*").replace("|", "\\|")
    return f"| {finding['severity']} | `{finding['rule']}` | `{name}` | {message} |"
