"""Generated manifests: their content, and that two of them can share a cluster."""

from __future__ import annotations

import base64
import re
from collections import Counter
from typing import Any

import pytest
import yaml

from kubiya_pulumi.emulator import Emulator
from kubiya_pulumi.emulator.manifest import (
    PAUSE_IMAGE,
    deployments_in,
    deployments_of,
    dns_label,
    is_dns_label,
    manifest_file_name,
    manifest_text,
)

NAMES = ["runner-prod", "Runner_Prod", "runner prod", "ü", "-", "a" * 40, "a" * 41, "a" * 300]


def objects(name: str, namespace: str = "kubiya-system") -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(manifest_text(name, namespace)))


def test_a_manifest_has_the_kinds_of_a_real_one() -> None:
    manifest = objects("runner-prod")
    assert (manifest[0]["kind"], manifest[0]["metadata"]["name"]) == ("Namespace", "kubiya-system")
    assert Counter(obj["kind"] for obj in manifest) == {
        "Namespace": 1,
        "ServiceAccount": 4,
        "Role": 4,
        "RoleBinding": 4,
        "ClusterRole": 2,
        "ClusterRoleBinding": 2,
        "Secret": 2,
        "ConfigMap": 1,
        "Service": 3,
        "Deployment": 4,
    }
    [full] = [obj for obj in manifest if obj["metadata"]["name"].endswith("full-access")][:1]
    assert full["metadata"]["name"] == "tool-manager-runner-prod-full-access"
    assert full["rules"] == [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]


@pytest.mark.parametrize("name", NAMES)
def test_every_name_and_label_is_valid_for_a_cluster(name: str) -> None:
    for obj in objects(name):
        metadata = obj["metadata"]
        assert len(metadata["name"]) <= 253
        assert all(is_dns_label(part[:63].strip("-")) for part in metadata["name"].split("."))
        for value in metadata["labels"].values():
            assert len(value) <= 63
            assert re.fullmatch(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?", value)
        assert metadata["annotations"]["kubiya.ai/runner-name"] == name


def test_every_reference_resolves() -> None:
    manifest = objects("runner-prod")
    names = {(obj["kind"], obj["metadata"]["name"]) for obj in manifest}
    for obj in manifest:
        if "roleRef" in obj:
            assert (obj["roleRef"]["kind"], obj["roleRef"]["name"]) in names
            for subject in obj["subjects"]:
                assert (subject["kind"], subject["name"]) in names
        if obj["kind"] == "Deployment":
            pod = obj["spec"]["template"]["spec"]
            assert ("ServiceAccount", pod["serviceAccountName"]) in names
            for volume in pod["volumes"]:
                assert ("Secret", volume["secret"]["secretName"]) in names
            selector = obj["spec"]["selector"]["matchLabels"]
            assert selector.items() <= obj["spec"]["template"]["metadata"]["labels"].items()
            assert pod["containers"][0]["image"].startswith("ghcr.io/kubiyabot/")


def test_manifests_of_two_runners_have_no_common_object() -> None:
    first = objects("one", "kubiya-system")
    second = objects("two", "kubiya-system-two")

    def keys(manifest: list[dict[str, Any]]) -> set[tuple[str, str | None, str]]:
        return {
            (obj["kind"], obj["metadata"].get("namespace"), obj["metadata"]["name"])
            for obj in manifest
        }

    assert not keys(first) & keys(second)
    assert len(keys(first)) == len(first)


def test_every_manifest_has_new_credentials() -> None:
    def credentials() -> list[str]:
        secrets = [obj for obj in objects("runner-prod") if obj["kind"] == "Secret"]
        return [base64.b64decode(v).decode() for obj in secrets for v in obj["data"].values()]

    first, second = credentials(), credentials()
    assert len(first) == 3
    assert not set(first) & set(second)


def test_every_name_has_a_unique_label() -> None:
    labels = [dns_label(name) for name in NAMES]
    assert labels[0] == "runner-prod"
    assert labels[5] == "a" * 40
    assert len(set(labels)) == len(NAMES)
    assert all(is_dns_label(label) and len(label) <= 40 for label in labels)


def test_a_file_name_is_random() -> None:
    first, second = manifest_file_name("runner-prod"), manifest_file_name("runner-prod")
    assert first != second
    assert re.fullmatch(r"runner-prod-[0-9a-f]{32}\.yaml", first)


NOT_MANIFESTS = ["", "text", "<html>", "a: [", "\x00", "- a", "kind: Deployment", "&a [*a]"]


@pytest.mark.parametrize("text", NOT_MANIFESTS)
def test_a_text_that_is_not_a_manifest_has_no_deployments(text: str) -> None:
    assert deployments_in(text) == ()


def test_deployments_of_a_manifest() -> None:
    metadata = [{"name": "a"}, {"name": "b", "namespace": "n"}]
    text = yaml.safe_dump_all({"kind": "Deployment", "metadata": data} for data in metadata)
    names = [(name.namespace, name.name) for name in deployments_in(text)]
    assert names == [("default", "a"), ("n", "b")]


def test_the_images_do_nothing_if_a_real_cluster_has_to_run_them() -> None:
    with Emulator(images="pause") as emulator:
        emulator.add_runner("runner-prod")
        objects = list(yaml.safe_load_all(emulator.runners["runner-prod"].manifest))
    deployments = [item for item in objects if item["kind"] == "Deployment"]
    images = [
        container["image"]
        for item in deployments
        for container in item["spec"]["template"]["spec"]["containers"]
    ]
    assert images == [PAUSE_IMAGE] * 4


def test_the_deployments_of_a_new_manifest_are_those_in_its_text() -> None:
    assert deployments_of("tools") == deployments_in(manifest_text("a", "tools"))
