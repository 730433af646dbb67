"""docs/preview-report.md shows what the command writes, and names what it lists.

Set UPDATE_REPORTS=1 to update the example of the page. Review it before you commit it.
"""

from __future__ import annotations

import os
import re

from kubiya_pulumi.cli.preview_markdown import render
from kubiya_pulumi.preview_report import GateCondition, build_report, parse_preview
from tests.harness.toolchain import ROOT
from tests.preview_report.preview_builders import (
    binding,
    deployment,
    document,
    object_step,
    role,
    rule,
)

PAGE = ROOT / "docs" / "preview-report.md"
FENCE = re.compile(r"(?<=````markdown\n).*?(?=````\n)", re.DOTALL)
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "workflow-engine", "namespace": "kubiya-system"},
}
STEPS = (
    object_step("delete", SERVICE),
    object_step(
        "update",
        role("tool-manager", rules=[rule("get list", "pods")]),
        role("tool-manager", rules=[rule("get list", "pods secrets")]),
    )
    | {"detailedDiff": {"rules[0].resources[1]": {"kind": "add"}}},
    object_step("same", binding("tool-manager", role_name="tool-manager")),
    object_step(
        "update",
        deployment("tool-manager", "ghcr.io/kubiyabot/tool-manager:v2.0.0"),
        deployment("tool-manager", "ghcr.io/kubiyabot/tool-manager:v2.1.0"),
    )
    | {"detailedDiff": {"spec.template.spec.containers[0].image": {"kind": "update"}}},
    object_step("create", role("metrics", rules=[rule("get", "nodes"), UNKNOWN])),
)


def test_the_example_is_what_the_command_writes() -> None:
    comment = render(build_report(parse_preview(document(*STEPS))), "infra/dev")
    example = comment.partition("\n\n")[2]
    if os.environ.get("UPDATE_REPORTS"):
        PAGE.write_text(FENCE.sub(lambda _: example, PAGE.read_text()))
    assert FENCE.findall(PAGE.read_text()) == [example]


def test_the_page_names_every_condition() -> None:
    page = PAGE.read_text()
    for condition in GateCondition:
        assert f"| `{condition}` |" in page
