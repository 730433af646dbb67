"""Every relative link of the pages leads to a file and an anchor that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import kubiya_pulumi
from tests.harness.markdown import PAGES, anchors, links
from tests.harness.toolchain import ROOT


def problems(page: Path, root: Path = ROOT) -> list[str]:
    found = []
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.is_relative_to(root) or not target.exists():
            found.append(f"{link}: the file does not exist")
        elif anchor and target.suffix == ".md" and anchor not in anchors(target):
            found.append(f"{link}: the page has no such heading")
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_links_of_a_page_exist(page: Path) -> None:
    assert problems(page) == []


def test_broken_links_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# `One` two\n\n[a](gone.md) [b](#one-two) [c](page.md#three) [d](../x)\n")
    assert [problem.split(":")[0] for problem in problems(page, tmp_path)] == [
        "gone.md",
        "page.md#three",
        "../x",
    ]


class _Loader(yaml.SafeLoader):
    """Reads mkdocs.yml without running what its tags name."""


_Loader.add_multi_constructor("", lambda loader, suffix, node: None)


def test_every_page_is_in_the_navigation_once() -> None:
    config = yaml.load((ROOT / "mkdocs.yml").read_text(), _Loader)
    pages = re.findall(r"'([\w-]+\.md)'", str(config["nav"]))
    existing = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert sorted(pages) == sorted(existing | {"index.md", "design.md", "changelog.md"})


def test_the_python_reference_has_every_public_name() -> None:
    text = (ROOT / "docs" / "python-reference.md").read_text()
    assert sorted(re.findall(r"^::: kubiya_pulumi\.(\w+)$", text, re.M)) == sorted(
        kubiya_pulumi.__all__
    )
