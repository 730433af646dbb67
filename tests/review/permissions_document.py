"""The tables of the section Permissions in docs/what-the-review-sees.md."""

from __future__ import annotations

import re

from tests.harness.toolchain import ROOT

_DOCUMENT = ROOT / "docs" / "what-the-review-sees.md"


def default_roles_without_finding() -> set[tuple[str, str, str]]:
    """Return the kind, namespace and name of each default role that the page lists."""
    roles = set()
    for cell, _ in _rows("Default roles without a finding"):
        name, *namespace = re.findall("`([^`]+)`", cell)
        kind = "Role" if namespace else "ClusterRole"
        roles.add((kind, "".join(namespace), name))
    return roles


def rights_without_rule() -> set[tuple[str, str]]:
    """Return the API group and name of each resource that the page lists."""
    return {
        ("" if group == "core" else group, resource)
        for groups, resources, _ in _rows("Rights without a rule")
        for group in groups.split(", ")
        for resource in re.findall("`([^`]+)`", resources)
    }


def _rows(title: str) -> list[list[str]]:
    """Return the cells of each row of the table under a heading."""
    text = _DOCUMENT.read_text(encoding="utf-8").partition(f"\n### {title}\n")[2]
    lines = re.findall(r"^\| (.*) \|$", re.split("\n##", text)[0], re.MULTILINE)
    _, _, *rows = (line.split(" | ") for line in lines)
    return rows
