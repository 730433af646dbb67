"""Objects that existed before the stack, taken over on a real cluster without a restart."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubiya_pulumi.deployment_names import TYPE
from kubiya_pulumi.emulator import Emulator
from tests.cluster.conftest import MakeStack
from tests.harness.engine import Stack
from tests.harness.importing import next_steps, run_import
from tests.harness.kubectl import Kubectl
from tests.harness.toolchain import ROOT

pytestmark = [pytest.mark.engine, pytest.mark.cluster]

EXAMPLE = ROOT / "examples" / "existing-runner"
PLAIN = """
from kubiya_pulumi import KubiyaRunner, RunnerManifest
from pulumi_kubernetes.yaml.v2 import ConfigGroup

runner = KubiyaRunner("runner-prod")
manifest = RunnerManifest("manifest", runner=runner.id)
ConfigGroup("objects", yaml=manifest.content)
"""
HELM_LABELS = {"app.kubernetes.io/managed-by": "Helm"}
HELM_ANNOTATIONS = {"meta.helm.sh/release-name": "kubiya", "meta.helm.sh/release-namespace": "apps"}
BYSTANDER = """
apiVersion: v1
kind: ConfigMap
metadata: {name: bystander, namespace: kubiya-system}
data: {owner: nobody}
"""


class Objects:
    """The objects of a manifest in the cluster, and the Pods of its Deployments."""

    def __init__(self, kubectl: Kubectl, file: Path) -> None:
        self._kubectl, self._file = kubectl, file

    def live(self) -> dict[str, dict[str, Any]]:
        """Return each object by its kind and name."""
        read = self._kubectl("get", "--filename", str(self._file), "--output=json")
        return {
            f"{item['kind']}/{item['metadata']['name']}": item for item in json.loads(read)["items"]
        }

    def identities(self) -> dict[str, tuple[str, int | None]]:
        """Return what a deletion, a replacement or a restart would change."""
        identities = {
            name: (item["metadata"]["uid"], item["metadata"].get("generation"))
            for name, item in self.live().items()
        }
        pods = self._kubectl.list("pods", "--namespace=kubiya-system")
        return identities | {
            f"Pod/{pod['metadata']['name']}": (pod["metadata"]["uid"], None) for pod in pods
        }

    def contents(self) -> dict[str, dict[str, Any]]:
        """Return each object without what the API server and the field managers record."""
        contents = {}
        for name, item in self.live().items():
            metadata = {key: item["metadata"].get(key) for key in ("name", "namespace", "labels")}
            rest = {key: value for key, value in item.items() if key not in ("metadata", "status")}
            contents[name] = {**rest, "metadata": metadata}
        return contents


def version_of_bystander(kubectl: Kubectl) -> str:
    return kubectl(
        "get", "configmap", "bystander", "--namespace=kubiya-system",
        "--output=jsonpath={.metadata.resourceVersion}",
    )  # fmt: skip


@pytest.fixture
def manifest(emulator: Emulator, tmp_path: Path) -> Path:
    """The manifest of an existing runner, as a user downloaded it."""
    file = tmp_path / "manifest.yaml"
    file.write_text(emulator.add_runner("runner-prod", description="tools").manifest)
    return file


def apply(kubectl: Kubectl, file: Path, *args: str) -> Objects:
    """Apply a manifest without Pulumi, with an object that no manifest contains."""
    kubectl("apply", "--filename", str(file), *args)
    other = file.parent / "other.yaml"
    other.write_text(BYSTANDER)
    kubectl("apply", "--filename", str(other))
    kubectl(
        "wait", "--for=condition=Available", "--timeout=60s", "--namespace=kubiya-system",
        "deployment", "--all",
    )  # fmt: skip
    return Objects(kubectl, file)


def upsert(stack: Stack) -> None:
    """Do what docs/existing-runners.md says before the first update."""
    stack.configure({"kubernetes:upsertExistingObjects": "true"})


def apply_newer_manifest(stack: Stack, emulator: Emulator, objects: Objects) -> None:
    """Do what docs/existing-runners.md says when the manifest changes for the first time."""
    before, environment = objects.live(), stack.env
    text = emulator.runners["runner-prod"].manifest
    emulator.set_manifest("runner-prod", text.replace(":v2.0.0", ":v2.1.0"))
    stack.refresh("--skip-preview")
    refused = stack.preview(check=False)
    assert refused.returncode
    assert "conflict with" in refused.text
    stack.env = {**environment, "PULUMI_K8S_ENABLE_PATCH_FORCE": "true"}
    stack.preview()
    stack.up("--skip-preview")
    stack.env = environment
    live = objects.live()
    assert {name: item["metadata"]["uid"] for name, item in live.items()} == {
        name: item["metadata"]["uid"] for name, item in before.items()
    }
    pod = live["Deployment/tool-manager"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"].endswith(":v2.1.0")
    # From now on the fields belong to Pulumi.
    emulator.set_manifest("runner-prod", text.replace(":v2.0.0", ":v2.2.0"))
    stack.preview("--refresh")


def test_objects_of_kubectl_apply_are_taken_over_without_a_restart(
    stack: MakeStack, emulator: Emulator, kubectl: Kubectl, manifest: Path
) -> None:
    objects = apply(kubectl, manifest)
    identities, contents = objects.identities(), objects.contents()
    untouched = version_of_bystander(kubectl)
    dev = stack("")
    files = ("--output", "r.json", "--program", "__main__.py", "--force")
    imported = run_import(dev, "--deployment", "--without-objects", *files)
    assert imported.returncode == 0, imported.stderr
    [import_, refresh, setting, preview] = next_steps(imported.stdout)
    dev.run(*import_, "--yes", "--skip-preview")
    # A preview treats what the file omits as unknown.
    early = dev.up("--skip-preview", check=False)
    assert early.returncode
    assert "Run `pulumi refresh`, which downloads it" in early.text
    dev.run(*refresh, "--yes", "--skip-preview")
    dev.run(*setting)
    shown = json.loads(dev.run(*preview, "--json").stdout)
    assert {step["op"] for step in shown["steps"]} == {"same", "create"}
    dev.up("--skip-preview")
    assert objects.identities() == identities
    assert objects.contents() == contents
    assert version_of_bystander(kubectl) == untouched
    dev.run("config", "rm", "kubernetes:upsertExistingObjects")
    dev.preview("--expect-no-changes")
    writes = [call.operation for call in emulator.calls if call.method != "GET"]
    assert writes == []
    apply_newer_manifest(dev, emulator, objects)


def test_imported_objects_of_kubectl_apply_are_updated_later(
    stack: MakeStack, emulator: Emulator, kubectl: Kubectl, manifest: Path
) -> None:
    objects = apply(kubectl, manifest)
    before = objects.identities()
    dev = stack("")
    files = ("--output", "r.json", "--program", "__main__.py", "--force")
    imported = run_import(dev, "--deployment", *files)
    assert (imported.returncode, imported.stderr) == (0, "")
    [import_, refresh, preview, update] = next_steps(imported.stdout)
    dev.run(*import_, "--yes", "--skip-preview")
    dev.run(*refresh, "--yes", "--skip-preview")
    dev.run(*preview, "--expect-no-changes")
    dev.run(*update, "--yes", "--skip-preview", "--expect-no-changes")
    assert objects.identities() == before
    apply_newer_manifest(dev, emulator, objects)


def test_objects_of_a_helm_release_are_taken_over_without_a_restart(
    stack: MakeStack, emulator: Emulator, kubectl: Kubectl, manifest: Path
) -> None:
    documents = list(yaml.safe_load_all(manifest.read_text()))
    for document in documents:
        metadata = document["metadata"]
        metadata["labels"] = {**metadata.get("labels", {}), **HELM_LABELS}
        metadata["annotations"] = {**metadata.get("annotations", {}), **HELM_ANNOTATIONS}
    released = manifest.parent / "released.yaml"
    released.write_text(yaml.safe_dump_all(documents))
    objects = apply(kubectl, released, "--server-side", "--field-manager=helm")
    identities, contents = objects.identities(), objects.contents()
    dev = stack(EXAMPLE)
    upsert(dev)
    warned = dev.up("--skip-preview").text
    assert 'also belongs to the Helm release "apps/kubiya"' in warned
    assert objects.identities() == identities
    assert objects.contents() == contents
    dev.run("config", "rm", "kubernetes:upsertExistingObjects")
    dev.preview("--expect-no-changes")
    apply_newer_manifest(dev, emulator, objects)


def snippet(heading: str) -> str:
    """Return the program below a heading of the docs page."""
    page = (ROOT / "docs" / "existing-runners.md").read_text()
    section = page.split(f"\n### {heading}\n", 1)[1]
    match = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert match is not None
    return match[1]


def test_separate_resources_become_a_deployment_without_a_replacement(
    stack: MakeStack, emulator: Emulator, kubectl: Kubectl, tmp_path: Path
) -> None:
    dev = stack(PLAIN)
    dev.up("--skip-preview")
    file = tmp_path / "manifest.yaml"
    file.write_text(emulator.runners["runner-prod"].manifest)
    objects = Objects(kubectl, file)
    before = objects.live()
    emulator.clear_calls()
    dev.rewrite(snippet("To a component"))
    steps = dev.preview_json()["steps"]
    changed = {step["urn"].split("::")[-1]: step["op"] for step in steps if step["op"] != "same"}
    assert changed == {"runner-prod": "create", "runner-prod-health": "create"}
    dev.up("--skip-preview")
    assert objects.live() == before
    assert [call.operation for call in emulator.calls] == ["getRunnerHealth"]
    dev.preview("--expect-no-changes")


def test_a_deployment_moves_to_another_name_and_to_another_stack(
    stack: MakeStack, emulator: Emulator
) -> None:
    dev = stack('from kubiya_pulumi import RunnerDeployment\nRunnerDeployment("runner-prod")')
    dev.up("--skip-preview")
    emulator.clear_calls()
    dev.rewrite(snippet("To another name").replace("KubiyaRunner", "RunnerDeployment"))
    dev.up("--skip-preview", "--expect-no-changes")
    [urn] = [item["urn"] for item in dev.resources(TYPE)]
    assert urn.endswith("::new-name")
    dev.run("stack", "init", "prod")
    dev.configure({"kubiya:baseUrl": emulator.url}, {"kubiya:apiKey": emulator.api_key})
    stacks = ("--source", "organization/test/dev", "--dest", "organization/test/prod")
    dev.run("state", "move", *stacks, "--yes", urn)
    dev.preview("--expect-no-changes")
    assert emulator.calls == []
    dev.destroy("--skip-preview")
    assert list(emulator.runners) == []
