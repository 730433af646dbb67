"""A denied manifest does not change a real cluster, and a waived one is applied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.harness.engine import Stack
from tests.harness.kubectl import Kubectl

pytestmark = [pytest.mark.engine, pytest.mark.cluster]

DENYING = """
from kubiya_pulumi import ManifestPolicy, RunnerDeployment

RunnerDeployment("runner-prod", policy=ManifestPolicy(deny=["full-access"]))
"""
WAIVING = """
from kubiya_pulumi import ManifestPolicy, RunnerDeployment, Waiver

creates_tools = Waiver(
    "full-access", "tool-manager-*", reason="tools are whatever the organization adds"
)
RunnerDeployment(
    "runner-prod",
    policy=ManifestPolicy(
        deny=["full-access", "baseline-*"],
        waivers=[creates_tools],
        allowed_images=["ghcr.io/kubiyabot/*"],
        allowed_namespaces=["kubiya-system"],
    ),
)
"""
KINDS = ("namespaces", "clusterroles", "clusterrolebindings", "deployments", "secrets")


@pytest.fixture
def dev(emulator: Emulator, control_plane: Path) -> Iterator[Stack]:
    config = {"kubiya:baseUrl": emulator.url}
    key = {"kubiya:apiKey": emulator.api_key}
    env = {"KUBECONFIG": str(control_plane)}
    with Stack(DENYING, config=config, secrets=key, env=env) as stack:
        yield stack
        if stack.resources():
            stack.destroy("--skip-preview", check=False)


def objects(kubectl: Kubectl) -> dict[str, str]:
    """Return the version of each object that a manifest could have created or changed."""
    metadata = ((kind, item["metadata"]) for kind in KINDS for item in kubectl.list(kind))
    return {
        f"{kind}/{fields.get('namespace')}/{fields['name']}": fields["resourceVersion"]
        for kind, fields in metadata
    }


def test_a_denied_manifest_changes_nothing_and_a_waived_one_is_applied(
    dev: Stack, control_plane: Path
) -> None:
    kubectl = Kubectl(control_plane)
    before = objects(kubectl)
    denied = dev.up("--skip-preview", check=False)
    assert denied.returncode
    assert "full-access: ClusterRole/tool-manager-runner-prod-full-access" in denied.text
    assert objects(kubectl) == before

    dev.rewrite(WAIVING)
    dev.up("--skip-preview")
    names = {role["metadata"]["name"] for role in kubectl.list("clusterroles")}
    assert "tool-manager-runner-prod-full-access" in names
    dev.preview("--expect-no-changes")

    # A stricter policy fails the update, and existing objects stay.
    applied = objects(kubectl).keys()
    dev.rewrite(DENYING)
    assert dev.up("--skip-preview", check=False).returncode
    assert objects(kubectl).keys() == applied
    dev.destroy("--skip-preview")
    assert objects(kubectl).keys() - before.keys() == {"namespaces/None/kubiya-system"}
