"""A stack warns about objects that belong to another deployment as well."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.cluster.conftest import MakeStack
from tests.cluster.deployments import RUNNER_DEPLOYMENT
from tests.harness.kubectl import Kubectl

pytestmark = [pytest.mark.engine, pytest.mark.cluster]

NAMESPACE = """
apiVersion: v1
kind: Namespace
metadata: {name: shared, labels: {team: platform}}
"""


def settings(log_level: str, annotations: str = "{}") -> str:
    return f"""
apiVersion: v1
kind: ConfigMap
metadata: {{name: settings, namespace: shared, annotations: {annotations}, labels: {{a: b}}}}
data: {{LOG_LEVEL: {log_level}}}
"""


HELM = "{meta.helm.sh/release-name: tools, meta.helm.sh/release-namespace: apps}"
WARNING = 'ConfigMap "shared/settings" also belongs to'
HINT = "Destroying either deployment deletes it for both; give it different names."


def set_manifest(emulator: Emulator, name: str, *objects: str) -> None:
    if name not in emulator.runners:
        emulator.add_runner(name)
    emulator.set_manifest(name, "---".join(objects))
    # The manifest has no Deployment that the health could follow.
    emulator.set_health(name, healthy=True)


def test_an_object_of_a_helm_release_is_reported_before_it_is_taken_over(
    stack: MakeStack, emulator: Emulator, kubectl: Kubectl, tmp_path: Path
) -> None:
    set_manifest(emulator, "first", NAMESPACE)
    first = stack(RUNNER_DEPLOYMENT, runner="first")
    first.up("--skip-preview")
    released = tmp_path / "released.yaml"
    released.write_text(settings("info", HELM))
    kubectl("apply", "--server-side", "--field-manager=helm", "--filename", str(released))
    set_manifest(emulator, "first", NAMESPACE, settings("info"))
    expected = f'{WARNING} the Helm release "apps/tools". {HINT}'
    assert expected in first.preview("--refresh").text
    [untouched] = kubectl.list(
        "configmaps", "--namespace=shared", "--selector=a=b", "--show-managed-fields"
    )
    assert [entry["manager"] for entry in untouched["metadata"]["managedFields"]] == ["helm"]
    assert expected in first.up("--refresh", "--skip-preview").text


def test_an_object_of_another_stack_is_reported_by_both(
    stack: MakeStack, emulator: Emulator
) -> None:
    first, second = (
        stack(RUNNER_DEPLOYMENT, runner="first"),
        stack(RUNNER_DEPLOYMENT, runner="second"),
    )
    for name in ("first", "second"):
        set_manifest(emulator, name, NAMESPACE, settings("info"))
    expected = f"{WARNING} another Pulumi stack or resource. {HINT}"
    assert "also belongs to" not in first.up("--skip-preview").text
    assert expected in second.up("--skip-preview").text
    assert expected in second.preview("--expect-no-changes").text
    assert expected in first.preview("--refresh").text
    # A namespace may be shared, unless the stack deletes it.
    assert "Namespace" not in second.preview().text.partition("Diagnostics:")[2]
    second.configure({"deleteNamespaces": "true"})
    assert 'Namespace "shared" also belongs to another' in second.preview().text


def test_an_object_that_is_replaced_is_not_reported(stack: MakeStack, emulator: Emulator) -> None:
    """The dry run of a replacement shows the field manager of the replaced object."""
    set_manifest(emulator, "first", NAMESPACE, settings("info"))
    first = stack(RUNNER_DEPLOYMENT, runner="first")
    first.up("--skip-preview")
    set_manifest(emulator, "first", NAMESPACE, settings("debug"))
    preview = first.preview("--refresh").text
    assert "replace" in preview
    assert "also belongs to" not in preview
    assert "also belongs to" not in first.up("--refresh", "--skip-preview").text
