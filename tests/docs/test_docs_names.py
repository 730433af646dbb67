"""Each public name has a page or a section, in the form of Pulumi's registry."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import kubiya_pulumi
from tests.harness.toolchain import ROOT

RESOURCES = {
    "RunnerDeployment": "runner-deployment.md",
    "KubiyaRunner": "kubiya-runner.md",
    "RunnerManifest": "runner-manifest.md",
    "RunnerHealth": "runner-health.md",
    "KubiyaProvider": "kubiya-provider.md",
}
PARTS = ["Inputs", "Outputs", "Errors", "Requests", "Import"]
PAGES = [page for page in ROOT.glob("docs/*.md") if page.name != "python-reference.md"]


def headings(text: str) -> list[str]:
    text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^#+ (.+)$", text, re.MULTILINE)


def described(page: Path) -> set[str]:
    """Return the names in the headings, and in the first cells of tables with a description."""
    text = page.read_text("utf-8")
    cells = re.findall(r"^\| (\[?`[^|]*) \|.*\w.*\|$", text, re.MULTILINE)
    return {name for item in (*headings(text), *cells) for name in re.findall(r"\w+", item)}


def test_each_public_name_is_described() -> None:
    found = set().union(*map(described, PAGES))
    assert [name for name in kubiya_pulumi.__all__ if name not in found] == []


@pytest.mark.parametrize("name", RESOURCES)
def test_the_page_of_a_resource_begins_with_an_example_and_has_each_part(name: str) -> None:
    text = (ROOT / "docs" / RESOURCES[name]).read_text("utf-8")
    title, *parts = headings(text)
    assert title == name
    assert [part for part in parts if part in PARTS] == PARTS
    assert f"{name}(" in text.partition("\n## ")[0]
