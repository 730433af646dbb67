"""Every example, as a user runs it: up, a second look, and down again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from kubiya_pulumi.emulator import Emulator
from tests.harness.engine import Stack
from tests.harness.kubectl import Kubectl
from tests.harness.toolchain import ROOT

pytestmark = [pytest.mark.engine, pytest.mark.cluster]

EXAMPLES = sorted(path.parent.name for path in ROOT.glob("examples/*/Pulumi.yaml"))


def come_up_and_go(stack: Stack, emulator: Emulator, kubectl: Kubectl, folder: Path) -> None:
    """Hold a program against what every example promises."""
    stack.up()
    assert emulator.runners
    manifests = folder / "manifests.yaml"
    manifests.write_text("---\n".join(each.manifest for each in emulator.runners.values()))
    declared = [each for each in yaml.safe_load_all(manifests.read_text()) if each]
    there = kubectl("get", "--filename", str(manifests), "--output=name").split()
    assert len(there) == len(declared)
    for each in declared:
        if each["kind"] == "Deployment":
            namespace, name = each["metadata"]["namespace"], each["metadata"]["name"]
            kubectl(
                "wait", "--for=condition=Available", "--timeout=60s",
                f"--namespace={namespace}", f"deployment/{name}",
            )  # fmt: skip
    stack.preview("--expect-no-changes")
    stack.destroy()
    assert not emulator.runners
    left = kubectl(
        "get", "--filename", str(manifests), "--ignore-not-found", "--output=name"
    ).split()
    assert left == []
    assert stack.resources() == []


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example(example: str, emulator: Emulator, control_plane: Path, tmp_path: Path):
    with Stack(
        ROOT / "examples" / example,
        config={"kubiya:baseUrl": emulator.url},
        secrets={"kubiya:apiKey": emulator.api_key},
        env={"KUBECONFIG": str(control_plane)},
    ) as stack:
        come_up_and_go(stack, emulator, Kubectl(control_plane), tmp_path)


def test_the_project_at_the_top(emulator: Emulator, control_plane: Path, tmp_path: Path):
    """`pulumi up` in a clone runs the main example."""
    clone = tmp_path / "clone"
    clone.mkdir()
    shutil.copy(ROOT / "Pulumi.yaml", clone)
    shutil.copytree(ROOT / "examples", clone / "examples")
    with Stack(
        clone,
        config={"kubiya:baseUrl": emulator.url},
        secrets={"kubiya:apiKey": emulator.api_key},
        env={"KUBECONFIG": str(control_plane)},
    ) as stack:
        come_up_and_go(stack, emulator, Kubectl(control_plane), tmp_path)


def test_every_example_is_explained_and_short():
    for example in EXAMPLES:
        folder = ROOT / "examples" / example
        assert (folder / "README.md").read_text().startswith("# ")
        assert len((folder / "__main__.py").read_text().splitlines()) <= 30
