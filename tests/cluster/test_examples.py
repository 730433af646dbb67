"""Every example, as a user runs it: up, a second look, and down again."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from kubiya_pulumi.emulator import Emulator
from tests.cluster.example_setups import setup_of
from tests.harness.engine import Stack
from tests.harness.kubectl import Kubectl
from tests.harness.toolchain import ROOT

pytestmark = [pytest.mark.engine, pytest.mark.cluster]

EXAMPLES = sorted(path.parent.name for path in ROOT.glob("examples/*/Pulumi.yaml"))


def come_up_and_go(stack: Stack, emulator: Emulator, kubectl: Kubectl, folder: Path) -> None:
    """Hold a program against what every example promises."""
    before = emulator.runners
    stack.up()
    created = [each for name, each in emulator.runners.items() if name not in before]
    assert created or before
    manifests = folder / "manifests.yaml"
    manifests.write_text("---\n".join(each.manifest for each in created))
    declared = [each for each in yaml.safe_load_all(manifests.read_text()) if each]
    assert len(objects_of(manifests, kubectl)) == len(declared)
    for each in declared:
        if each["kind"] == "Deployment":
            namespace, name = each["metadata"]["namespace"], each["metadata"]["name"]
            kubectl(
                "wait", "--for=condition=Available", "--timeout=60s",
                f"--namespace={namespace}", f"deployment/{name}",
            )  # fmt: skip
    stack.preview("--expect-no-changes")
    stack.destroy()
    assert emulator.runners == before
    assert objects_of(manifests, kubectl) == []
    assert stack.resources() == []


def objects_of(manifests: Path, kubectl: Kubectl) -> list[str]:
    """The objects of the manifests that are in the cluster."""
    if not manifests.read_text():
        return []
    return kubectl(
        "get", "--filename", str(manifests), "--ignore-not-found", "--output=name"
    ).split()


@contextlib.contextmanager
def stack_of(example: str, emulator: Emulator, kubeconfig: Path) -> Iterator[Stack]:
    """An example's stack, with what it builds on up. Nothing of it is left in the cluster."""
    setup = setup_of(example, kubeconfig)
    env = {"KUBECONFIG": str(kubeconfig)}
    with contextlib.ExitStack() as stacks:
        if setup.builds_on:
            base = stacks.enter_context(stack_of(setup.builds_on, emulator, kubeconfig))
            base.up()
            env["PULUMI_BACKEND_URL"] = (base.folder / "state").as_uri()
        stack = stacks.enter_context(
            Stack(
                ROOT / "examples" / example,
                config={"kubiya:baseUrl": emulator.url, **setup.config},
                secrets={"kubiya:apiKey": emulator.api_key, **setup.secrets},
                env=env,
            )
        )
        stacks.callback(lambda: stack.resources() and stack.destroy())
        yield stack


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example(example: str, emulator: Emulator, control_plane: Path, tmp_path: Path):
    with stack_of(example, emulator, control_plane) as stack:
        come_up_and_go(stack, emulator, Kubectl(control_plane), tmp_path)


def test_the_consumer_creates_something_of_its_own(emulator: Emulator, control_plane: Path):
    kubectl = Kubectl(control_plane)
    with stack_of("consumer", emulator, control_plane) as stack:
        stack.up()
        found = kubectl.list("configmaps", "--namespace=default")
        [settings] = [each for each in found if each["metadata"]["name"] == "runner-settings"]
        assert settings["data"] == {"runner": "runner-prod", "version": "2.0.0"}
        assert stack.outputs() == {"runner_status": "healthy"}

        # With the runner gone, the preview says so, and what was built on it stays.
        emulator.remove_runner("runner-prod")
        failed = stack.preview(check=False)
        assert failed.returncode
        assert 'there is no runner "runner-prod"' in failed.text


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
