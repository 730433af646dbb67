"""Make the comment that docs/preview-report.md shows, with the real engine and no cluster."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import yaml

from kubiya_pulumi.emulator import Emulator
from tests.harness.engine import Stack
from tests.harness.toolchain import ROOT

FOLDER = ROOT / "examples" / "pr-check"
RUNNER = "runner-prod"
_SECOND_RUNNER = """
test = KubiyaRunner("runner-test")
test_manifest = RunnerManifest("manifest-test", runner=test.id)
"""


def collect_comment() -> str:
    """Return the report on a pull request that adds a runner, when the service has a new manifest.

    Raises:
        AssertionError: a command of the engine failed.
    """
    with Emulator() as emulator:
        secrets = {"kubiya:apiKey": emulator.api_key}
        with Stack(FOLDER, config={"kubiya:baseUrl": emulator.url}, secrets=secrets) as stack:
            # The provider writes the objects into files, so it needs no cluster.
            rendered = str(stack.folder / "objects")
            stack.configure({"kubernetes:renderYamlToDirectory": rendered})
            stack.up("--skip-preview")
            emulator.set_manifest(RUNNER, newer(emulator.runners[RUNNER].manifest))
            stack.refresh("--skip-preview", "--target", "**::manifest")
            stack.rewrite((stack.program / "__main__.py").read_text() + _SECOND_RUNNER)
            return report(stack)


def report(stack: Stack) -> str:
    """Run the script of the example, and return the report without the warnings.

    Some of the warnings depend on this machine, and the others are the findings of the review.
    """
    subprocess.run(
        [stack.program / "preview-report.sh"],
        env=stack.environment() | {"STACK": "dev"},
        check=True,
        capture_output=True,
    )
    text = (stack.program / "report.md").read_text("utf-8")
    return re.sub(r"\n<details>\n<summary>Warnings .*?\n</details>\n", "", text, flags=re.DOTALL)


def newer(manifest: str) -> str:
    """Return the next manifest of a service: a new image, one more permission, one Service less."""
    objects = list(yaml.safe_load_all(manifest))
    find(objects, "Role", "workflow-engine")["rules"].append(
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]}
    )
    deployment = find(objects, "Deployment", "tool-manager")
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    container["image"] = container["image"].replace(":v2.0.0", ":v2.1.0")
    objects.remove(find(objects, "Service", "workflow-engine"))
    return str(yaml.safe_dump_all(objects))


def find(objects: list[Any], kind: str, name: str) -> Any:
    """Return one of the objects."""
    [found] = [item for item in objects if (item["kind"], item["metadata"]["name"]) == (kind, name)]
    return found
