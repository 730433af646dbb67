"""The review as a whole: its content, its order and its plain data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from kubiya_pulumi.emulator import Emulator
from kubiya_pulumi.review import (
    ManifestPolicy,
    ManifestPolicyError,
    ObjectReference,
    Review,
    Severity,
    Waiver,
    parse_manifest,
    review,
)
from tests.review.access_cases import MANIFEST
from tests.review.manifest_objects import deployment, kubernetes_object, parsed
from tests.review.rule_cases import RULE_CASES

EVERYTHING = [item for bad, _ in RULE_CASES.values() for item in bad]


@pytest.fixture(scope="module")
def manifest() -> str:
    """The manifest of a runner."""
    with Emulator() as emulator:
        return emulator.add_runner("runner-prod").manifest


def test_the_default_policy_accepts_the_manifest_of_a_runner(manifest: str) -> None:
    result = review(parse_manifest(manifest))
    assert result.denied == ()
    assert {f.rule for f in result.findings if f.severity is Severity.ERROR} == {
        "create-persistent-volumes",
        "full-access",
    }
    # It contains all that it refers to, and its pods comply with the Pod Security Standards.
    assert not [f for f in result.findings if f.category == "missing"]
    assert not [f for f in result.findings if f.rule.startswith(("base", "restr"))]


def test_objects_have_the_namespace_that_the_cluster_gives_them() -> None:
    result = review(
        parsed(
            kubernetes_object("ConfigMap", "a", ""),
            kubernetes_object("Namespace", "b", ""),
            kubernetes_object("Namespace", "c", "ignored"),
            kubernetes_object("Widget", "d", "", "example.com/v1"),
            kubernetes_object("Lease", "e", "", "coordination.k8s.io/v1"),
        )
    )
    assert [str(reference) for reference in result.objects] == [
        "ConfigMap/default/a",
        "Namespace/b",
        "Namespace/c",
        "Widget/d",
        "Lease/default/e",
    ]


def test_images_of_all_workloads_are_listed() -> None:
    assert review(parsed(deployment(), deployment(name="other"))).images == (
        "ghcr.io/example/app@sha256:" + "0" * 64,
    )


def test_findings_are_sorted_by_severity() -> None:
    findings = review(parsed(*EVERYTHING)).findings
    ranks = [finding.severity.rank for finding in findings]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == 3
    severities = list(dict.fromkeys(finding.severity for finding in findings))
    assert severities == [Severity.ERROR, Severity.WARNING, Severity.NOTE]


def test_the_order_of_the_manifest_does_not_matter(manifest: str) -> None:
    objects = parse_manifest(manifest)
    assert review(reversed(objects)).findings == review(objects).findings


@pytest.mark.parametrize("objects", [EVERYTHING, MANIFEST], ids=["findings", "access"])
def test_a_review_round_trips_through_plain_data(objects: Sequence[Any]) -> None:
    policy = ManifestPolicy(
        deny=["error"], waivers=[Waiver("bind", "*", "so"), Waiver("bind", "none", "no")]
    )
    result = review(parsed(*objects), policy)
    assert Review.from_dict(json.loads(json.dumps(result.to_dict()))) == result


def test_a_review_contains_no_secret_of_its_manifest(manifest: str) -> None:
    secrets = {
        value
        for item in parse_manifest(manifest)
        if item.kind == "Secret"
        for value in item.body["data"].values()
    }
    assert secrets
    result = review(parse_manifest(manifest))
    for text in (repr(result), json.dumps(result.to_dict())):
        assert not [value for value in secrets if value in text]


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "text",
        {"objects": 5, "images": {}, "grants": "x", "findings": None, "waived": [[]]},
        {"objects": [None], "grants": [None], "findings": [None], "images": [None, 5]},
    ],
)
def test_malformed_data_is_read_as_far_as_possible(data: Any) -> None:
    assert isinstance(Review.from_dict(data), Review)


def test_unknown_values_of_a_newer_version_are_not_underrated() -> None:
    data = {"findings": [{"rule": "new", "severity": "fatal", "category": "sideways"}]}
    [finding] = Review.from_dict(data).findings
    assert (finding.severity, finding.category) == ("error", "excessive")


def test_unused_waivers_must_be_waivers() -> None:
    with pytest.raises(ManifestPolicyError):
        Review.from_dict({"unusedWaivers": [{}]})


def test_a_reference_as_text_is_one_line_of_limited_length() -> None:
    text = str(ObjectReference("v1", "ConfigMap", "n", "a\n\x1b[31m\u202eb" + "c" * 500))
    assert text.isprintable()
    assert len(text) <= 200
