"""Each message of docs/when-applying-fails.md, and its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.cluster.conftest import MakeStack
from tests.cluster.deployments import WIDGET_DEFINITION
from tests.harness.engine import Result, Stack
from tests.harness.kubectl import Kubectl
from tests.harness.toolchain import ROOT

pytestmark = [pytest.mark.engine, pytest.mark.cluster]

PAGE = " ".join((ROOT / "docs" / "when-applying-fails.md").read_text().split())
PROGRAM = """
from pathlib import Path

import pulumi
from pulumi_kubernetes.yaml.v2 import ConfigGroup
from kubiya_pulumi import keep_shared_objects

ConfigGroup(
    "objects",
    yaml=Path("manifest.yaml").read_text(),
    opts=pulumi.ResourceOptions(transforms=[keep_shared_objects]),
)
"""
RUNNER = """
import pulumi
from kubiya_pulumi import RunnerDeployment

RunnerDeployment(pulumi.Config().require("runner"))
"""
NAMESPACE = """
apiVersion: v1
kind: Namespace
metadata: {name: kubiya-system}
"""


def deployment(image: str) -> str:
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: tool-manager, namespace: kubiya-system}}
spec:
  selector: {{matchLabels: {{app: tool-manager}}}}
  template:
    metadata: {{labels: {{app: tool-manager}}}}
    spec: {{containers: [{{name: tool-manager, image: "example.com/tool-manager:{image}"}}]}}
"""


def widget(size: int) -> str:
    return f"""
apiVersion: example.com/v1
kind: Widget
metadata: {{name: small, namespace: kubiya-system}}
spec: {{size: {size}}}
"""


@pytest.fixture
def applied(control_plane: Path) -> Iterator[Stack]:
    """A stack of the objects in `manifest.yaml`."""
    with Stack(PROGRAM, env={"KUBECONFIG": str(control_plane)}) as stack:
        yield stack
        if stack.resources():
            stack.destroy("--refresh", check=False)


def write_manifest(stack: Stack, *objects: str) -> None:
    (stack.program / "manifest.yaml").write_text("---".join(objects))


def assert_documented(failed: Result, message: str) -> None:
    """Check that a command failed with a message, and that the page has this message."""
    assert failed.returncode
    assert message in failed.text
    assert message in PAGE


def image_of(kubectl: Kubectl) -> str:
    path = "--output=jsonpath={.spec.template.spec.containers[0].image}"
    return kubectl("get", "deployment/tool-manager", "--namespace=kubiya-system", path)


@pytest.mark.parametrize("remedy", ["force", "--skip-preview"])
def test_an_image_that_kubectl_has_set(applied: Stack, kubectl: Kubectl, remedy: str) -> None:
    write_manifest(applied, NAMESPACE, deployment("v1"))
    applied.up("--skip-preview")
    kubectl(
        "set", "image", "deployment/tool-manager", "tool-manager=example.com/tool-manager:v0",
        "--namespace=kubiya-system",
    )  # fmt: skip
    applied.up("--skip-preview", "--expect-no-changes")
    assert image_of(kubectl) == "example.com/tool-manager:v0"

    for changed in ("v1", "v2"):
        write_manifest(applied, NAMESPACE, deployment(changed))
        assert_documented(
            applied.up("--refresh", check=False),
            'Apply failed with 1 conflict: conflict with "kubectl-set" using apps/v1: '
            '.spec.template.spec.containers[name="tool-manager"].image',
        )
    if remedy == "force":
        applied.env = {**applied.env, "PULUMI_K8S_ENABLE_PATCH_FORCE": "true"}
        applied.up("--refresh")
    else:
        applied.up("--refresh", "--skip-preview")
    assert image_of(kubectl) == "example.com/tool-manager:v2"
    applied.env = {"KUBECONFIG": applied.env["KUBECONFIG"]}
    write_manifest(applied, NAMESPACE, deployment("v3"))
    applied.up("--refresh")
    assert image_of(kubectl) == "example.com/tool-manager:v3"


def test_a_field_of_another_field_manager(applied: Stack, kubectl: Kubectl, tmp_path: Path) -> None:
    """Another tool has applied the object: an equal value is shared, a different one conflicts."""
    other = tmp_path / "other.yaml"
    other.write_text("---".join((NAMESPACE, deployment("v1"))))
    kubectl("apply", "--server-side", "--field-manager=helm", "--filename", str(other))
    write_manifest(applied, NAMESPACE, deployment("v1"))
    applied.up()
    write_manifest(applied, NAMESPACE, deployment("v2"))
    message = (
        'Apply failed with 1 conflict: conflict with "helm": '
        '.spec.template.spec.containers[name="tool-manager"].image'
    )
    assert_documented(applied.preview(check=False), message)
    assert_documented(applied.up("--skip-preview", check=False), message)
    assert image_of(kubectl) == "example.com/tool-manager:v1"
    applied.env = {**applied.env, "PULUMI_K8S_ENABLE_PATCH_FORCE": "true"}
    applied.up()
    assert image_of(kubectl) == "example.com/tool-manager:v2"


def test_two_runners_whose_manifests_have_the_same_names(
    stack: MakeStack, emulator: Emulator, kubectl: Kubectl
) -> None:
    """The second runner changes nothing of the first one."""
    emulator.configure(manifest_objects="shared")
    first, second = stack(RUNNER, runner="first"), stack(RUNNER, runner="second")
    first.up("--skip-preview")
    deployed = versions(kubectl)
    failed = second.up("--skip-preview", check=False)
    assert failed.returncode
    assert 'Apply failed with 2 conflicts: conflicts with "pulumi-kubernetes-' in failed.text
    assert ".metadata.labels.kubiya.ai/runner" in failed.text
    assert versions(kubectl) == deployed
    second.destroy("--skip-preview")
    assert versions(kubectl) == deployed
    first.preview("--refresh", "--expect-no-changes")


def versions(kubectl: Kubectl) -> dict[str, tuple[str, str]]:
    """Return the UID and owner of each object that a runner's manifest can contain."""
    kinds = (
        "namespaces,deployments,configmaps,secrets,serviceaccounts,clusterroles,clusterrolebindings"
    )
    return {
        f"{item['kind']} {item['metadata']['name']}": (
            item["metadata"]["uid"],
            item["metadata"]["labels"]["kubiya.ai/runner"],
        )
        for item in kubectl.list(kinds)
        if "kubiya.ai/runner" in item["metadata"].get("labels", {})
    }


def test_a_namespace_that_is_being_deleted(applied: Stack, kubectl: Kubectl) -> None:
    namespace = "--namespace=kubiya-system"
    kubectl("create", "namespace", "kubiya-system")
    kubectl("create", "configmap", "held", namespace)
    hold(kubectl, '["example.com/hold"]')
    kubectl("delete", "namespace", "kubiya-system", "--wait=false")
    try:
        write_manifest(applied, NAMESPACE, deployment("v1"))
        assert_documented(
            applied.up("--skip-preview", check=False),
            'deployments.apps "tool-manager" is forbidden: unable to create new content in '
            "namespace kubiya-system because it is being terminated",
        )
        # The controller finds the remaining object after a while.
        condition = "--for=condition=NamespaceFinalizersRemaining"
        kubectl("wait", "namespace/kubiya-system", condition, "--timeout=60s")
        remaining = "--output=jsonpath={.status.conditions[?(@.status=='True')].message}"
        assert "example.com/hold in 1 resource" in kubectl(
            "get", "namespace", "kubiya-system", remaining
        )
    finally:
        hold(kubectl, "null")
    kubectl("wait", "--for=delete", "namespace/kubiya-system", "--timeout=60s")
    # The state has a namespace that no longer exists.
    applied.up("--refresh")
    assert image_of(kubectl) == "example.com/tool-manager:v1"


def hold(kubectl: Kubectl, finalizers: str) -> None:
    patch = f'{{"metadata": {{"finalizers": {finalizers}}}}}'
    kubectl(
        "patch", "configmap", "held", "--namespace=kubiya-system", "--type=merge", "--patch", patch
    )


def test_an_object_that_already_exists(applied: Stack, kubectl: Kubectl) -> None:
    """Without server-side apply, every version of the provider creates objects like 4.29."""
    applied.configure({"kubernetes:enableServerSideApply": "false"})
    kubectl("create", "namespace", "kubiya-system")
    write_manifest(applied, NAMESPACE, deployment("v1"))
    assert_documented(
        applied.up("--skip-preview", check=False), 'namespaces "kubiya-system" already exists'
    )
    applied.configure({"kubernetes:enableServerSideApply": "true"})
    applied.configure({"kubernetes:upsertExistingObjects": "true"})
    applied.up()
    assert image_of(kubectl) == "example.com/tool-manager:v1"


def test_a_definition_in_the_same_manifest(applied: Stack, kubectl: Kubectl) -> None:
    """The provider creates the definition first, wherever it is in the manifest."""
    write_manifest(applied, widget(1), WIDGET_DEFINITION, NAMESPACE)
    applied.up()
    write_manifest(applied, widget(2), WIDGET_DEFINITION, NAMESPACE)
    applied.up()
    [found] = kubectl.list("widgets", "--namespace=kubiya-system")
    assert found["spec"] == {"size": 2}
    applied.destroy("--skip-preview")
    assert kubectl.list("widgets") == []


def test_a_definition_that_does_not_exist(applied: Stack, kubectl: Kubectl) -> None:
    write_manifest(applied, NAMESPACE, widget(1))
    assert_documented(
        applied.preview(check=False),
        "failed to determine if the following GVK is namespaced: example.com/v1, Kind=Widget",
    )
    write_manifest(applied, NAMESPACE, widget(1), WIDGET_DEFINITION)
    applied.up()
    assert kubectl.list("widgets")


def test_a_definition_that_was_deleted(applied: Stack, kubectl: Kubectl) -> None:
    write_manifest(applied, NAMESPACE, widget(1), WIDGET_DEFINITION)
    applied.up("--skip-preview")
    kubectl("delete", "crd", "widgets.example.com")
    write_manifest(applied, NAMESPACE, widget(2), WIDGET_DEFINITION)
    assert_documented(
        applied.up("--skip-preview", check=False),
        'no matches for kind "Widget" in version "example.com/v1"',
    )
    applied.up("--refresh", "--skip-preview")
    [found] = kubectl.list("widgets")
    assert found["spec"] == {"size": 2}
