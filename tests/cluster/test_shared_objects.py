"""Objects that several deployments use are kept when one of them is destroyed."""

from __future__ import annotations

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.cluster.conftest import MakeStack
from tests.cluster.deployments import RUNNER_DEPLOYMENT, WIDGET_DEFINITION
from tests.harness.engine import Stack
from tests.harness.kubectl import Kubectl

pytestmark = [pytest.mark.engine, pytest.mark.cluster]

NAMESPACE = "kubernetes:core/v1:Namespace"
CRD = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"

OWN_PROGRAM = """
import pulumi
from pulumi_kubernetes.yaml.v2 import ConfigGroup
from kubiya_pulumi import KubiyaRunner, RunnerManifest, keep_shared_objects

config = pulumi.Config()
runner = KubiyaRunner("runner", name=config.require("runner"), adopt_existing=True)
manifest = RunnerManifest("manifest", runner=runner.id)
transforms = [] if config.get_bool("deleteNamespaces") else [keep_shared_objects]
opts = pulumi.ResourceOptions(transforms=transforms)
ConfigGroup("objects", yaml=manifest.content, opts=opts)
"""
MANIFEST = (
    """
apiVersion: v1
kind: Namespace
metadata: {name: shared}
---"""
    + WIDGET_DEFINITION
    + """\
---
apiVersion: v1
kind: ConfigMap
metadata: {name: NAME, namespace: shared}
data: {runner: NAME}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: NAME, namespace: shared}
spec: {runner: NAME}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME, namespace: shared}
spec:
  selector: {matchLabels: {runner: NAME}}
  template:
    metadata: {labels: {runner: NAME}}
    spec: {containers: [{name: tools, image: "example.com/tools:1"}]}
"""
)


def add_runner(emulator: Emulator, name: str) -> None:
    emulator.add_runner(name)
    emulator.set_manifest(name, MANIFEST.replace("NAME", name))


@pytest.fixture(autouse=True)
def _runners(emulator: Emulator) -> None:
    """Add two runners whose manifests have a namespace and a CustomResourceDefinition in common."""
    add_runner(emulator, "first")
    add_runner(emulator, "second")


def uids(kubectl: Kubectl) -> dict[str, str]:
    """Return the UID of each object of the two manifests that exists, by kind and name."""
    found = kubectl.list("namespaces") + kubectl.list("customresourcedefinitions")
    kinds = ["configmaps", "deployments"]
    if any(item["metadata"]["name"] == "widgets.example.com" for item in found):
        kinds.append("widgets")
    for kind in kinds:
        found += kubectl.list(kind, "--namespace=shared")
    ours = {"first", "second", "shared", "widgets.example.com"}
    return {
        f"{item['kind']} {item['metadata']['name']}": item["metadata"]["uid"]
        for item in found
        if item["metadata"]["name"] in ours
    }


def retained(stack: Stack) -> set[str]:
    """Return the types of the resources that stay in the cluster when the stack is destroyed."""
    return {item["type"] for item in stack.resources() if item.get("retainOnDelete")}


@pytest.mark.parametrize(
    "program", [RUNNER_DEPLOYMENT, OWN_PROGRAM], ids=["component", "own-program"]
)
def test_the_objects_of_another_stack_stay_when_a_stack_is_destroyed(
    program: str, stack: MakeStack, emulator: Emulator, kubectl: Kubectl
) -> None:
    first, second = stack(program, runner="first"), stack(program, runner="second")
    first.up("--skip-preview")
    shared = uids(kubectl)
    second.up("--skip-preview")
    before = uids(kubectl)
    assert before.items() >= shared.items()
    assert set(before) == {
        "Namespace shared", "CustomResourceDefinition widgets.example.com",
        "ConfigMap first", "Deployment first", "Widget first",
        "ConfigMap second", "Deployment second", "Widget second",
    }  # fmt: skip
    assert retained(first) == {NAMESPACE, CRD}

    first.destroy("--skip-preview")
    assert uids(kubectl) == {
        name: uid for name, uid in before.items() if not name.endswith("first")
    }
    second.up("--refresh", "--skip-preview", "--expect-no-changes")

    # The next update of the first stack manages the existing namespace.
    add_runner(emulator, "first")
    first.up("--skip-preview")
    assert uids(kubectl).keys() == before.keys()
    first.preview("--refresh", "--expect-no-changes")
    first.destroy("--skip-preview")
    second.destroy("--skip-preview")
    assert set(uids(kubectl)) == {
        "Namespace shared",
        "CustomResourceDefinition widgets.example.com",
    }


@pytest.mark.parametrize(
    "program", [RUNNER_DEPLOYMENT, OWN_PROGRAM], ids=["component", "own-program"]
)
def test_a_stack_that_deleted_its_namespaces_keeps_them_after_one_update(
    program: str, stack: MakeStack, kubectl: Kubectl
) -> None:
    """Stacks of earlier versions have the state of a stack with `delete_namespaces`."""
    first = stack(program, runner="first", deleteNamespaces="true")
    first.up("--skip-preview")
    assert retained(first) == set()

    first.configure({"deleteNamespaces": "false"})
    first.preview("--expect-no-changes")
    first.up("--skip-preview", "--expect-no-changes")
    assert retained(first) == {NAMESPACE, CRD}

    first.configure({"deleteNamespaces": "true"})
    first.preview("--expect-no-changes")
    first.up("--skip-preview", "--expect-no-changes")
    assert retained(first) == set()
    first.destroy("--skip-preview")
    assert uids(kubectl) == {}


def test_a_namespace_that_leaves_the_manifest_is_kept(
    stack: MakeStack, emulator: Emulator, kubectl: Kubectl
) -> None:
    first = stack(RUNNER_DEPLOYMENT, runner="first")
    first.up("--skip-preview")
    namespace = uids(kubectl)["Namespace shared"]
    moved = MANIFEST.replace("NAME", "first").replace("shared", "moved")
    emulator.set_manifest("first", moved)
    first.up("--refresh", "--skip-preview")
    assert uids(kubectl)["Namespace shared"] == namespace
    assert "ConfigMap first" not in uids(kubectl)
    assert kubectl.list("configmaps", "--namespace=moved")
    first.preview("--refresh", "--expect-no-changes")
