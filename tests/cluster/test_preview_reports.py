"""Comments on previews of the real engine, compared with files that a person can read.

With UPDATE_REPORTS=1 in the environment the files are written anew, to be read before they are
committed.
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
    """One of the forms in which the engine prints a preview."""

    example: str
    flags: tuple[str, ...] = ()
    env: dict[str, str] | None = None


FORMS = {
    "one document": Form("deployment"),
    "one document with all that stays": Form("runner", ("--show-sames",)),
    "events": Form("config-file", env=STREAMED),
}


def upgraded(manifest: str) -> str:
    """The manifest with one more rule, another image, and without one of its Services."""
    objects = {(each["kind"], each["metadata"]["name"]): each
               for each in yaml.safe_load_all(manifest)}  # fmt: skip
    del objects["Service", "workflow-engine"]
    role = objects["Role", "workflow-engine"]
    role["rules"].append({"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]})
    [container] = objects["Deployment", "tool-manager"]["spec"]["template"]["spec"]["containers"]
    container["image"] = "ghcr.io/kubiyabot/tool-manager:v2.1.0"
    return yaml.safe_dump_all(objects.values(), sort_keys=False)


def settled(printed: str) -> str:
    """What the engine printed, less what is none of these tests' business.

    That is where it found a plugin on this machine, and what the review of a manifest found:
    only the first line of that warning stays.
    """
    if "diagnosticEvent" in printed:
        events = [json.loads(line) for line in printed.splitlines()]
        said = [each.get("diagnosticEvent", {}) for each in events]
        kept = [e for e, each in zip(events, said, strict=True) if not PLUGIN.search(str(each))]
        return "\n".join(json.dumps(each) for each in kept)
    document = json.loads(printed)
    said = [each for each in document.get("diagnostics", []) if not PLUGIN.search(str(each))]
    for each in said:
        if each["severity"] == "warning":
            each["message"] = each["message"].splitlines()[0]
    return json.dumps(document | {"diagnostics": said})


@pytest.fixture
def reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[str, int]]:
    """The comment on what a command of the engine printed, and the command's status."""

    def report(stack: Stack, *command: str, fail_on: str = "") -> tuple[str, int]:
        printed = stack.run(*command, "--json", check=False).stdout
        file = tmp_path / "preview.json"
        file.write_text(settled(printed))
        capsys.readouterr()
        status = main(["preview-report", str(file), f"--fail-on={fail_on}"])
        return capsys.readouterr().out, status

    return report


def held_against(name: str, report: str) -> None:
    file = REPORTS / f"{name}.md"
    if os.environ.get("UPDATE_REPORTS"):
        file.write_text(report)
    assert report == file.read_text()


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_reports(
    form: Form,
    emulator: Emulator,
    control_plane: Path,
    reported: Callable[..., tuple[str, int]],
) -> None:
    reports = {}

    def preview(name: str, *flags: str, fail_on: str = "", status: int = 0) -> None:
        command = ("preview", *form.flags, *flags)
        reports[name], ended = reported(stack, *command, fail_on=fail_on)
        assert ended == status, name

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
        reports["destroy"], status = reported(stack, "destroy", "--preview-only", fail_on="delete")
        assert status == 1
        stack.destroy("--skip-preview")

    assert find_secrets(secrets, **reports) == []
    for name, report in reports.items():
        assert len(report.encode()) < LIMIT
        held_against(f"{form.example}-{name}", report)


def secrets_in(manifest: str) -> list[str]:
    return [
        value
        for each in yaml.safe_load_all(manifest)
        if each["kind"] == "Secret"
        for value in each["data"].values()
    ]
