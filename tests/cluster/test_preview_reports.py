"""Reports about previews of the real engine match the stored reports.

Set UPDATE_REPORTS=1 to update the stored reports. Review them before you commit them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from kubiya_pulumi.cli.main import main
from kubiya_pulumi.emulator import Emulator
from tests.harness.engine import Stack
from tests.harness.secrets import find_secrets
from tests.harness.toolchain import ROOT

pytestmark = [pytest.mark.engine, pytest.mark.cluster]

REPORTS = Path(__file__).parent / "reports"
PLUGIN = re.compile(r"using pulumi-resource-[\w-]+ from \$PATH")
STREAMED = {"PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true"}
LIMIT = 65_536


@dataclass(frozen=True)
class Form:
    """One of the output formats of a preview."""

    example: str
    flags: tuple[str, ...] = ()
    env: dict[str, str] | None = None


FORMS = {
    "one document": Form("deployment"),
    "one document with all that stays": Form("runner", ("--show-sames",)),
    "events": Form("config-file", env=STREAMED),
}


def upgraded(manifest: str) -> str:
    """Return the manifest with another role rule and image, and without one of its Services."""
    objects = {
        (document["kind"], document["metadata"]["name"]): document
        for document in yaml.safe_load_all(manifest)
    }
    del objects["Service", "workflow-engine"]
    role = objects["Role", "workflow-engine"]
    role["rules"].append({"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]})
    [container] = objects["Deployment", "tool-manager"]["spec"]["template"]["spec"]["containers"]
    container["image"] = "ghcr.io/kubiyabot/tool-manager:v2.1.0"
    return yaml.safe_dump_all(objects.values(), sort_keys=False)


def normalized(preview: str) -> str:
    """Return the output of a preview without unstable diagnostics.

    These are the paths of plugins on this machine, and the findings of the review of a manifest:
    only the first line of that warning is kept.
    """
    if "diagnosticEvent" in preview:
        events = [json.loads(line) for line in preview.splitlines()]
        return "\n".join(
            json.dumps(event)
            for event in events
            if not PLUGIN.search(str(event.get("diagnosticEvent", {})))
        )
    document = json.loads(preview)
    diagnostics = [
        diagnostic
        for diagnostic in document.get("diagnostics", [])
        if not PLUGIN.search(str(diagnostic))
    ]
    for diagnostic in diagnostics:
        if diagnostic["severity"] == "warning":
            diagnostic["message"] = diagnostic["message"].splitlines()[0]
    return json.dumps(document | {"diagnostics": diagnostics})


@pytest.fixture
def create_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[str, int]]:
    """Returns the report about the output of an engine command, and the exit status."""

    def report(stack: Stack, *command: str, fail_on: str = "") -> tuple[str, int]:
        preview = stack.run(*command, "--json", check=False).stdout
        file = tmp_path / "preview.json"
        file.write_text(normalized(preview))
        capsys.readouterr()
        status = main(["preview-report", str(file), f"--fail-on={fail_on}"])
        return capsys.readouterr().out, status

    return report


def assert_matches_stored_report(name: str, report: str) -> None:
    file = REPORTS / f"{name}.md"
    if os.environ.get("UPDATE_REPORTS"):
        file.write_text(report)
    assert report == file.read_text()


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_reports_match_the_stored_reports(
    form: Form,
    emulator: Emulator,
    control_plane: Path,
    create_report: Callable[..., tuple[str, int]],
) -> None:
    reports = {}

    def preview(name: str, *flags: str, fail_on: str = "", status: int = 0) -> None:
        command = ("preview", *form.flags, *flags)
        reports[name], exit_status = create_report(stack, *command, fail_on=fail_on)
        assert exit_status == status, reports[name]

    with Stack(
        ROOT / "examples" / form.example,
        config={"kubiya:baseUrl": emulator.url},
        secrets={"kubiya:apiKey": emulator.api_key},
        env={"KUBECONFIG": str(control_plane), **(form.env or {})},
    ) as stack:
        source = (stack.program / "__main__.py").read_text()
        preview("first-create", fail_on="replace,delete,rbac")
        preview("first-create", fail_on="unreviewed", status=1)
        stack.up("--skip-preview")
        preview("nothing-to-do", fail_on="replace,delete,rbac,unreviewed")
        stack.rewrite(source.replace("in production", "and those of our friends"))
        preview("changed-description", fail_on="replace,delete,rbac")
        stack.rewrite(source.replace('"runner-prod"', '"runner-prod", name="runner-two"'))
        preview("changed-name", fail_on="delete,rbac")
        preview("changed-name", fail_on="replace", status=1)
        stack.rewrite("import pulumi\nraise pulumi.RunError('no settings for `prod`')\n")
        preview("failed", status=1)
        stack.rewrite(source)
        runner = emulator.runners["runner-prod"]
        secrets = [emulator.api_key, runner.manifest_file, *secrets_in(runner.manifest)]
        emulator.set_manifest("runner-prod", upgraded(runner.manifest))
        preview("changed-manifest", "--refresh", fail_on="replace,unreviewed")
        preview("changed-manifest", "--refresh", fail_on="rbac", status=1)
        reports["destroy"], status = create_report(
            stack, "destroy", "--preview-only", fail_on="delete"
        )
        assert status == 1
        stack.destroy("--skip-preview")

    assert find_secrets(secrets, **reports) == []
    for name, report in reports.items():
        assert len(report.encode()) < LIMIT
        assert_matches_stored_report(f"{form.example}-{name}", report)


def secrets_in(manifest: str) -> list[str]:
    return [
        value
        for document in yaml.safe_load_all(manifest)
        if document["kind"] == "Secret"
        for value in document["data"].values()
    ]
