"""Rules and pins on the real engine: what they refuse never gets to where the cluster would be."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.engine.conftest import Calls, MakeStack
from tests.engine.states import MANIFEST, outputs
from tests.harness.engine import Result, Stack

pytestmark = pytest.mark.engine

# Kubernetes' provider writes the objects into a folder, where a cluster would get them.
PROGRAM = """
import pulumi
from pulumi_kubernetes import Provider
from pulumi_kubernetes.yaml.v2 import ConfigGroup
from kubiya_pulumi import ManifestPolicy, RunnerManifest, Waiver

config = pulumi.Config()
settings = config.get_object("rules") or {}
waivers = [Waiver(**each) for each in settings.pop("waivers", [])]
policy = ManifestPolicy(**settings, waivers=waivers)
manifest = RunnerManifest("manifest", runner="r", policy=policy, expected_sha256=config.get("pin"))
files = Provider("files", render_yaml_to_directory=config.require("folder"))
ConfigGroup("objects", yaml=manifest.content, opts=pulumi.ResourceOptions(provider=files))
"""
DENY = '{"deny": ["full-access"]}'
WAIVE = (
    '{"deny": ["full-access"], "waivers": [{"rule": "full-access", "object": "tool-manager-*", '
    '"reason": "it creates what tools need"}]}'
)
NOTHING_WAIVED = (
    '{"waivers": [{"rule": "full-access", "object": "somebody", "reason": "left over"}]}'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the cluster would get."""
    return tmp_path / "objects"


@pytest.fixture
def dev(emulator: Emulator, stack: MakeStack, folder: Path) -> Stack:
    emulator.add_runner("r")
    # Kubernetes' provider writes files only where no cluster is named.
    return stack(PROGRAM, config={"folder": str(folder)}, env={"KUBECONFIG": ""})


def written(folder: Path) -> int:
    return sum(1 for each in folder.rglob("*.yaml"))


def refused(result: Result, *parts: str) -> None:
    """The command ended with one message and no traceback of this package or the program."""
    assert result.returncode
    assert all(part in result.text for part in parts), result.text
    assert "Traceback" not in result.text


def test_what_is_denied_stops_the_update_before_anything_is_applied(
    dev: Stack, folder: Path
) -> None:
    dev.configure({"rules": DENY})
    refused(
        dev.up("--skip-preview", check=False),
        'the manifest of runner "r" is not applied: the policy denies 1 finding:',
        "full-access: ClusterRole/tool-manager-r-full-access: The role grants every verb",
        "Waiver(rule, object, reason)",
    )
    assert written(folder) == 0

    dev.configure({"rules": WAIVE})
    dev.up("--skip-preview")
    assert written(folder) > 20


def test_every_finding_is_in_the_one_message(dev: Stack) -> None:
    dev.configure({"rules": '{"deny": ["*"], "allowed_images": ["ghcr.io/elsewhere/*"]}'})
    result = dev.up("--skip-preview", check=False)
    refused(result, "full-access: ", "read-secrets: Role/kubiya-system/agent-manager", "exec-into-")
    assert result.text.count("the policy denies") == 2  # as it happens, and at the end
    assert "ghcr.io/kubiyabot/workflow-engine" in result.text


def test_rules_that_become_stricter_show_in_the_preview_and_take_nothing_away(
    dev: Stack, folder: Path, calls: Calls
) -> None:
    dev.up("--skip-preview")
    before = written(folder)
    calls()
    dev.configure({"rules": DENY})
    refused(dev.preview(check=False), "full-access: ClusterRole/tool-manager-r-full-access")
    refused(dev.up("--skip-preview", check=False), "full-access: ClusterRole/")
    assert written(folder) == before
    dev.configure({"rules": WAIVE})
    dev.preview("--expect-no-changes")
    dev.up("--skip-preview", "--expect-no-changes")
    assert calls() == []


def test_what_is_not_denied_is_a_warning_in_preview_and_up(dev: Stack) -> None:
    for result in (dev.up("--skip-preview"), dev.preview()):
        assert 'warning: the review of the manifest of runner "r" found:' in result.text
        assert "error: full-access: ClusterRole/tool-manager-r-full-access" in result.text
        assert "and 4 notes" in result.text


def test_a_waiver_that_waives_nothing_is_a_warning(dev: Stack) -> None:
    dev.configure({"rules": NOTHING_WAIVED})
    text = dev.up("--skip-preview").text
    assert 'the waiver of "full-access" for "somebody" matches no finding: remove it' in text


def test_a_pin_refuses_another_manifest(emulator: Emulator, dev: Stack, folder: Path) -> None:
    reviewed = emulator.runners["r"].manifest
    newer = reviewed.replace("v2.0.0", "v2.0.1")
    dev.configure({"pin": sha256(reviewed)})
    emulator.set_manifest("r", newer)
    refused(
        dev.up("--skip-preview", check=False), sha256(newer), sha256(reviewed), "does not match"
    )
    assert written(folder) == 0

    dev.configure({"pin": sha256(newer)})
    dev.up("--skip-preview")
    assert outputs(dev, MANIFEST)["sha256"] == sha256(newer)
    dev.preview("--expect-no-changes")

    # A pin of a newer one than the stack has: the stack has to ask for it.
    emulator.set_manifest("r", reviewed)
    dev.configure({"pin": sha256(reviewed)})
    refused(dev.preview(check=False), "`pulumi up --refresh`")
    # Only this one: Kubernetes' provider cannot read its files back.
    [manifest] = dev.resources(MANIFEST)
    dev.refresh("--skip-preview", "--target", manifest["urn"])
    assert outputs(dev, MANIFEST)["sha256"] == sha256(reviewed)
    dev.up("--skip-preview")


@pytest.mark.parametrize("pin", ["abc", "z" * 64, "0" * 65])
def test_a_pin_that_is_no_hash_is_refused_before_anything_is_made(dev: Stack, pin: str) -> None:
    dev.configure({"pin": pin})
    refused(dev.preview(check=False), 'expected_sha256 of "manifest" is invalid')
    refused(dev.up("--skip-preview", check=False), "64 hexadecimal characters")
    assert dev.resources(MANIFEST) == []


def test_a_pin_counts_in_any_case_and_with_a_line_end(emulator: Emulator, dev: Stack) -> None:
    dev.configure({"pin": f" {sha256(emulator.runners['r'].manifest).upper()}\n"})
    dev.up("--skip-preview")


def test_a_pin_that_another_resource_gives_is_checked_once_it_is_known(
    dev: Stack, folder: Path
) -> None:
    dev.rewrite(PROGRAM.replace('config.get("pin")', 'pulumi.Output.from_input("abc")'))
    refused(dev.up("--skip-preview", check=False), 'the pin of the manifest of runner "r" is no')
    assert written(folder) == 0


def test_rules_that_are_no_review_rules_are_refused_before_anything_is_made(dev: Stack) -> None:
    dev.rewrite(PROGRAM.replace("policy=policy", 'policy={"deny": ["full-access"]}'))
    result = dev.preview(check=False)
    assert result.returncode
    assert 'policy of "manifest" must be a ManifestPolicy' in result.text


def test_findings_of_one_rule_share_a_line_and_a_waiver_quiets_them(
    emulator: Emulator, dev: Stack
) -> None:
    roles = ", ".join(f"Role/kubiya-system/{each}" for each in ("agent-manager", "kubiya-operator"))
    text = dev.up("--skip-preview").text
    assert f"warning: read-secrets: {roles}\n" in text
    assert "`kubiya-pulumi review --runner r` shows every finding" in text
    waive_all = '{"waivers": [{"rule": "*", "object": "*", "reason": "it is a test"}]}'
    dev.configure({"rules": waive_all})
    assert "the review of" not in dev.preview().text


def test_the_state_has_the_review_and_no_secret_in_it(emulator: Emulator, dev: Stack) -> None:
    dev.up("--skip-preview")
    kept = outputs(dev, MANIFEST)["review"]
    assert {"grants", "findings", "images", "objects"} <= kept.keys()
    assert any(each["rule"] == "full-access" for each in kept["findings"])


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
