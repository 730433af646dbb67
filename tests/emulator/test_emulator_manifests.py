"""The manifests: what is in them, and that any two can be in one cluster."""

import base64
import re
from collections import Counter
from typing import Any

import pytest
import yaml

from kubiya_pulumi.emulator.manifest import (
    deployments_in,
    dns_label,
    is_dns_label,
    manifest_file_name,
    manifest_text,
)

NAMES = ["runner-prod", "Runner_Prod", "runner prod", "ü", "-", "a" * 40, "a" * 41, "a" * 300]


def objects(name: str, namespace: str = "kubiya-system") -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(manifest_text(name, namespace)))


def test_it_holds_what_a_real_one_holds() -> None:
    found = objects("runner-prod")
    assert (found[0]["kind"], found[0]["metadata"]["name"]) == ("Namespace", "kubiya-system")
    assert Counter(each["kind"] for each in found) == {
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
    [full] = [each for each in found if each["metadata"]["name"].endswith("full-access")][:1]
    assert full["metadata"]["name"] == "tool-manager-runner-prod-full-access"
    assert full["rules"] == [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]


@pytest.mark.parametrize("name", NAMES)
def test_every_name_and_label_is_valid_for_a_cluster(name: str) -> None:
    for each in objects(name):
        metadata = each["metadata"]
        assert len(metadata["name"]) <= 253
        assert all(is_dns_label(part[:63].strip("-")) for part in metadata["name"].split("."))
        for value in metadata["labels"].values():
            assert len(value) <= 63
            assert re.fullmatch(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?", value)
        assert metadata["annotations"]["kubiya.ai/runner-name"] == name


def test_what_refers_to_something_refers_to_what_is_there() -> None:
    found = objects("runner-prod")
    there = {(each["kind"], each["metadata"]["name"]) for each in found}
    for each in found:
        if "roleRef" in each:
            assert (each["roleRef"]["kind"], each["roleRef"]["name"]) in there
            for subject in each["subjects"]:
                assert (subject["kind"], subject["name"]) in there
        if each["kind"] == "Deployment":
            pod = each["spec"]["template"]["spec"]
            assert ("ServiceAccount", pod["serviceAccountName"]) in there
            for volume in pod["volumes"]:
                assert ("Secret", volume["secret"]["secretName"]) in there
            selector = each["spec"]["selector"]["matchLabels"]
            assert selector.items() <= each["spec"]["template"]["metadata"]["labels"].items()
            assert pod["containers"][0]["image"].startswith("ghcr.io/kubiyabot/")


def test_two_runners_share_no_object() -> None:
    first = objects("one", "kubiya-system")
    second = objects("two", "kubiya-system-two")

    def keys(found: list[dict[str, Any]]) -> set[tuple[str, str | None, str]]:
        return {
            (each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"])
            for each in found
        }

    assert not keys(first) & keys(second)
    assert len(keys(first)) == len(first)


def test_credentials_are_fresh_each_time() -> None:
    def secrets() -> list[str]:
        found = [each for each in objects("runner-prod") if each["kind"] == "Secret"]
        return [base64.b64decode(v).decode() for each in found for v in each["data"].values()]

    first, second = secrets(), secrets()
    assert len(first) == 3
    assert not set(first) & set(second)


def test_labels_are_made_from_any_name() -> None:
    labels = [dns_label(name) for name in NAMES]
    assert labels[0] == "runner-prod"
    assert labels[5] == "a" * 40
    assert len(set(labels)) == len(NAMES)
    assert all(is_dns_label(label) and len(label) <= 40 for label in labels)


def test_a_file_name_cannot_be_guessed() -> None:
    first, second = manifest_file_name("runner-prod"), manifest_file_name("runner-prod")
    assert first != second
    assert re.fullmatch(r"runner-prod-[0-9a-f]{32}\.yaml", first)


NO_MANIFESTS = ["", "text", "<html>", "a: [", "\x00", "- a", "kind: Deployment", "&a [*a]"]


@pytest.mark.parametrize("text", NO_MANIFESTS)
def test_no_deployments_in_what_is_no_manifest(text: str) -> None:
    assert deployments_in(text) == ()


def test_deployments_of_a_manifest() -> None:
    places = [{"name": "a"}, {"name": "b", "namespace": "n"}]
    text = yaml.safe_dump_all({"kind": "Deployment", "metadata": each} for each in places)
    found = [(each.namespace, each.name) for each in deployments_in(text)]
    assert found == [("default", "a"), ("n", "b")]
