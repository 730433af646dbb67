"""A manifest that violates the policy or the expected hash never reaches the cluster."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.engine.conftest import Calls, MakeStack
from tests.engine.states import MANIFEST, is_secret, outputs
from tests.harness.engine import Result, Stack

pytestmark = pytest.mark.engine

# Instead of applying the objects to a cluster, the Kubernetes provider writes them into a folder.
PROGRAM = """
import pulumi
from pulumi_kubernetes import Provider
from pulumi_kubernetes.yaml.v2 import ConfigGroup
from kubiya_pulumi import ManifestPolicy, RunnerManifest, Waiver

config = pulumi.Config()
settings = config.get_object("policy") or {}
waivers = [Waiver(**waiver) for waiver in settings.pop("waivers", [])]
policy = ManifestPolicy(**settings, waivers=waivers)
manifest = RunnerManifest("manifest", runner="r", policy=policy, expected_sha256=config.get("hash"))
files = Provider("files", render_yaml_to_directory=config.require("folder"))
ConfigGroup("objects", yaml=manifest.content, opts=pulumi.ResourceOptions(provider=files))
pulumi.export("sha256", manifest.sha256)
"""
DENY = '{"deny": ["full-access"]}'
WAIVE = (
    '{"deny": ["full-access"], "waivers": [{"rule": "full-access", "object": "tool-manager-*", '
    '"reason": "it creates what tools need"}]}'
)
UNUSED_WAIVER = (
    '{"waivers": [{"rule": "full-access", "object": "somebody", "reason": "left over"}]}'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder for the objects that would be applied to a cluster."""
    return tmp_path / "objects"


@pytest.fixture
def dev(emulator: Emulator, stack: MakeStack, folder: Path) -> Stack:
    emulator.add_runner("r")
    # The Kubernetes provider writes files only if KUBECONFIG is empty.
    return stack(PROGRAM, config={"folder": str(folder)}, env={"KUBECONFIG": ""})


def applied_objects(folder: Path) -> int:
    return len(list(folder.rglob("*.yaml")))


def assert_rejected(result: Result, *parts: str) -> None:
    """Assert that the command failed with a message that contains `parts`, and no traceback."""
    assert result.returncode
    assert all(part in result.text for part in parts), result.text
    assert "Traceback" not in result.text


def test_a_denied_finding_fails_the_update_before_objects_are_applied(
    dev: Stack, folder: Path
) -> None:
    dev.configure({"policy": DENY})
    assert_rejected(
        dev.up("--skip-preview", check=False),
        'the manifest of runner "r" is not applied: the policy denies 1 finding:',
        "full-access: ClusterRole/tool-manager-r-full-access: The role grants every verb",
        "Waiver(rule, object, reason)",
    )
    assert applied_objects(folder) == 0

    dev.configure({"policy": WAIVE})
    dev.up("--skip-preview")
    assert applied_objects(folder) > 20


def test_one_message_contains_every_finding(dev: Stack) -> None:
    dev.configure({"policy": '{"deny": ["*"], "allowed_images": ["ghcr.io/elsewhere/*"]}'})
    result = dev.up("--skip-preview", check=False)
    assert_rejected(
        result, "full-access: ", "read-secrets: Role/kubiya-system/agent-manager", "exec-into-"
    )
    assert result.text.count("the policy denies") == 2  # when it occurs, and in the summary
    assert "ghcr.io/kubiyabot/workflow-engine" in result.text


def test_a_stricter_policy_fails_the_preview_and_removes_nothing(
    dev: Stack, folder: Path, calls: Calls
) -> None:
    dev.up("--skip-preview")
    before = applied_objects(folder)
    calls()
    dev.configure({"policy": DENY})
    assert_rejected(dev.preview(check=False), "full-access: ClusterRole/tool-manager-r-full-access")
    assert_rejected(dev.up("--skip-preview", check=False), "full-access: ClusterRole/")
    assert applied_objects(folder) == before
    dev.configure({"policy": WAIVE})
    dev.preview("--expect-no-changes")
    dev.up("--skip-preview", "--expect-no-changes")
    assert calls() == []


def test_other_findings_are_warnings_in_preview_and_up(dev: Stack) -> None:
    for result in (dev.up("--skip-preview"), dev.preview()):
        assert 'warning: the review of the manifest of runner "r" found:' in result.text
        assert "error: full-access: ClusterRole/tool-manager-r-full-access" in result.text
        assert "and 4 notes" in result.text


def test_an_unused_waiver_is_a_warning(dev: Stack) -> None:
    dev.configure({"policy": UNUSED_WAIVER})
    text = dev.up("--skip-preview").text
    assert 'the waiver of "full-access" for "somebody" matches no finding: remove it' in text


def test_a_manifest_with_another_hash_is_rejected(
    emulator: Emulator, dev: Stack, folder: Path
) -> None:
    reviewed = emulator.runners["r"].manifest
    newer = reviewed.replace("v2.0.0", "v2.0.1")
    dev.configure({"hash": sha256(reviewed)})
    emulator.set_manifest("r", newer)
    assert_rejected(
        dev.up("--skip-preview", check=False), sha256(newer), sha256(reviewed), "does not match"
    )
    assert applied_objects(folder) == 0

    dev.configure({"hash": sha256(newer)})
    dev.up("--skip-preview")
    assert outputs(dev, MANIFEST)["sha256"] == sha256(newer)
    dev.preview("--expect-no-changes")

    # A change upstream holds up nothing: the pinned manifest stays in the state and in the cluster.
    emulator.set_manifest("r", reviewed)
    dev.up("--skip-preview", "--expect-no-changes")
    # Refresh only this resource: the Kubernetes provider cannot read its files.
    [manifest] = dev.resources(MANIFEST)
    refreshed = dev.refresh("--skip-preview", "--diff", "--target", manifest["urn"])
    assert f'+ sha256: "{sha256(reviewed)}"' in refreshed.stdout
    assert "The stack keeps the one that expected_sha256 pins" in refreshed.text
    assert is_secret(outputs(dev, MANIFEST)["pinned_content"])
    dev.preview("--expect-no-changes")
    assert dev.outputs()["sha256"] == sha256(newer)

    # The new manifest is in the state too, so that a preview shows its objects.
    dev.configure({"hash": sha256(reviewed)})
    assert re.search(r'image *: "[^"]*v2.0.1" => "[^"]*v2.0.0"', dev.preview("--diff").stdout)
    dev.up("--skip-preview")
    assert_rejected_hash(dev, "0" * 64)


def assert_rejected_hash(dev: Stack, sha256: str) -> None:
    """Assert that a preview refuses a hash that is not that of a manifest in the state."""
    dev.configure({"hash": sha256})
    assert_rejected(dev.preview(check=False), "does not match", "`pulumi up --refresh`")


@pytest.mark.parametrize("value", ["abc", "z" * 64, "0" * 65])
def test_an_invalid_expected_hash_is_rejected_before_a_resource_is_created(
    dev: Stack, value: str
) -> None:
    dev.configure({"hash": value})
    assert_rejected(dev.preview(check=False), 'expected_sha256 of "manifest" is invalid')
    assert_rejected(dev.up("--skip-preview", check=False), "64 hexadecimal characters")
    assert dev.resources(MANIFEST) == []


def test_an_expected_hash_may_have_upper_case_and_surrounding_whitespace(
    emulator: Emulator, dev: Stack
) -> None:
    dev.configure({"hash": f" {sha256(emulator.runners['r'].manifest).upper()}\n"})
    dev.up("--skip-preview")


def test_an_expected_hash_that_is_an_output_is_checked_when_it_is_known(
    dev: Stack, folder: Path
) -> None:
    dev.rewrite(PROGRAM.replace('config.get("hash")', 'pulumi.Output.from_input("abc")'))
    assert_rejected(
        dev.up("--skip-preview", check=False),
        'expected_sha256 of the manifest of runner "r" is invalid',
    )
    assert applied_objects(folder) == 0


def test_an_invalid_policy_is_rejected_before_a_resource_is_created(dev: Stack) -> None:
    dev.rewrite(PROGRAM.replace("policy=policy", 'policy={"deny": ["full-access"]}'))
    result = dev.preview(check=False)
    assert result.returncode
    assert 'policy of "manifest" must be a ManifestPolicy' in result.text


def test_an_option_that_hides_a_new_manifest_is_rejected(dev: Stack) -> None:
    options = 'opts=pulumi.ResourceOptions(ignore_changes=["sha256"])'
    dev.rewrite(PROGRAM.replace('config.get("hash")', f'config.get("hash"), {options}'))
    refused = 'the path sha256 in ignore_changes of "manifest" is refused: a refresh would replace'
    assert_rejected(dev.preview(check=False), refused, "set expected_sha256")


def test_findings_of_a_rule_share_a_line_and_can_be_waived(emulator: Emulator, dev: Stack) -> None:
    names = ("agent-manager", "kubiya-operator")
    roles = ", ".join(f"Role/kubiya-system/{name}" for name in names)
    text = dev.up("--skip-preview").text
    assert f"warning: read-secrets: {roles}\n" in text
    assert "`kubiya-pulumi review --runner r` shows every finding" in text
    waive_all = '{"waivers": [{"rule": "*", "object": "*", "reason": "it is a test"}]}'
    dev.configure({"policy": waive_all})
    assert "the review of" not in dev.preview().text


def test_the_state_contains_the_review(emulator: Emulator, dev: Stack) -> None:
    dev.up("--skip-preview")
    review = outputs(dev, MANIFEST)["review"]
    assert {"grants", "findings", "images", "objects"} <= review.keys()
    assert any(finding["rule"] == "full-access" for finding in review["findings"])


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
