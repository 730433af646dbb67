"""Every example works as a user runs it: up, preview and destroy."""

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


def check_example(stack: Stack, emulator: Emulator, kubectl: Kubectl, folder: Path) -> None:
    """Check what every example promises."""
    before = emulator.runners
    stack.up()
    created = [runner for name, runner in emulator.runners.items() if name not in before]
    assert created or before
    manifests = folder / "manifests.yaml"
    manifests.write_text("---\n".join(runner.manifest for runner in created))
    declared = [document for document in yaml.safe_load_all(manifests.read_text()) if document]
    assert len(existing_objects(manifests, kubectl)) == len(declared)
    for declared_object in declared:
        if declared_object["kind"] == "Deployment":
            metadata = declared_object["metadata"]
            namespace, name = metadata["namespace"], metadata["name"]
            kubectl(
                "wait", "--for=condition=Available", "--timeout=60s",
                f"--namespace={namespace}", f"deployment/{name}",
            )  # fmt: skip
    stack.preview("--expect-no-changes")
    stack.destroy()
    assert emulator.runners == before
    assert stack.resources() == []
    # Other runners may use the namespaces.
    namespaces = [item["metadata"]["name"] for item in declared if item["kind"] == "Namespace"]
    kept = existing_objects(manifests, kubectl)
    assert kept == [f"namespace/{name}" for name in namespaces]


def existing_objects(manifests: Path, kubectl: Kubectl) -> list[str]:
    """Return the names of those objects of the manifests that exist in the cluster."""
    if not manifests.read_text():
        return []
    return kubectl(
        "get", "--filename", str(manifests), "--ignore-not-found", "--output=name"
    ).split()


@contextlib.contextmanager
def stack_of(example: str, emulator: Emulator, kubeconfig: Path) -> Iterator[Stack]:
    """Yield the stack of an example after the stack it builds on is up. Destroy both at the end."""
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
def test_an_example_can_be_created_and_destroyed(
    example: str, emulator: Emulator, control_plane: Path, tmp_path: Path
):
    with stack_of(example, emulator, control_plane) as stack:
        check_example(stack, emulator, Kubectl(control_plane), tmp_path)


def test_the_consumer_uses_the_name_of_the_runner(emulator: Emulator, control_plane: Path):
    kubectl = Kubectl(control_plane)
    with stack_of("consumer", emulator, control_plane) as stack:
        stack.up()
        [settings] = [
            config_map
            for config_map in kubectl.list("configmaps", "--namespace=default")
            if config_map["metadata"]["name"] == "runner-settings"
        ]
        assert settings["data"] == {"runner": "runner-prod", "version": "2.0.0"}
        assert stack.outputs() == {"runner_status": "healthy"}

        # Without the runner the preview fails, and existing objects stay.
        emulator.remove_runner("runner-prod")
        failed = stack.preview(check=False)
        assert failed.returncode
        assert 'runner "runner-prod" does not exist' in failed.text


def test_the_project_in_the_root_folder(emulator: Emulator, control_plane: Path, tmp_path: Path):
    """`pulumi up` in the root folder of a clone runs the main example."""
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
        check_example(stack, emulator, Kubectl(control_plane), tmp_path)


def test_every_example_is_short_and_has_a_readme():
    for example in EXAMPLES:
        folder = ROOT / "examples" / example
        assert (folder / "README.md").read_text().startswith("# ")
        assert len((folder / "__main__.py").read_text().splitlines()) <= 30
