"""The review as a whole: what it holds, its order, and how it is stored."""

import json

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

EVERYTHING = [each for bad, _ in RULE_CASES.values() for each in bad]


@pytest.fixture(scope="module")
def manifest() -> str:
    """A manifest such as a runner has."""
    with Emulator() as emulator:
        return emulator.add_runner("runner-prod").manifest


def test_a_runners_manifest_may_be_applied_as_it_is(manifest):
    found = review(parse_manifest(manifest))
    assert found.denied == ()
    assert {each.rule for each in found.findings if each.severity is Severity.ERROR} == {
        "create-persistent-volumes",
        "full-access",
    }
    # It brings all that it refers to, and its pods keep to the Pod Security Standards.
    assert not [each for each in found.findings if each.direction == "too-little"]
    assert not [each for each in found.findings if each.rule.startswith(("base", "restr"))]


def test_objects_have_the_namespace_that_they_will_have():
    found = review(
        parsed(
            kubernetes_object("ConfigMap", "a", ""),
            kubernetes_object("Namespace", "b", ""),
            kubernetes_object("Namespace", "c", "ignored"),
            kubernetes_object("Widget", "d", "", "example.com/v1"),
            kubernetes_object("Lease", "e", "", "coordination.k8s.io/v1"),
        )
    )
    assert [str(each) for each in found.objects] == [
        "ConfigMap/default/a",
        "Namespace/b",
        "Namespace/c",
        "Widget/d",
        "Lease/default/e",
    ]


def test_images_are_those_of_all_workloads():
    assert review(parsed(deployment(), deployment(name="other"))).images == (
        "ghcr.io/example/app@sha256:" + "0" * 64,
    )


def test_findings_stand_in_the_order_of_their_severity():
    found = review(parsed(*EVERYTHING)).findings
    ranks = [list(Severity).index(each.severity) for each in found]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == 3


def test_the_order_of_the_manifest_is_no_matter(manifest):
    objects = parse_manifest(manifest)
    assert review(reversed(objects)).findings == review(objects).findings


@pytest.mark.parametrize("objects", [EVERYTHING, MANIFEST], ids=["findings", "access"])
def test_a_review_comes_back_from_plain_data(objects):
    rules = ManifestPolicy(
        deny=["error"], waivers=[Waiver("bind", "*", "so"), Waiver("bind", "none", "no")]
    )
    found = review(parsed(*objects), rules)
    assert Review.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_a_review_holds_no_secret_of_its_manifest(manifest):
    secrets = {
        value
        for each in parse_manifest(manifest)
        if each.kind == "Secret"
        for value in each.body["data"].values()
    }
    assert secrets
    found = review(parse_manifest(manifest))
    for shown in (repr(found), json.dumps(found.to_dict())):
        assert not [value for value in secrets if value in shown]


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
def test_data_of_another_form_is_read_as_far_as_it_goes(data):
    assert isinstance(Review.from_dict(data), Review)


def test_what_a_newer_version_wrote_is_taken_seriously():
    data = {"findings": [{"rule": "new", "severity": "fatal", "direction": "sideways"}]}
    [finding] = Review.from_dict(data).findings
    assert (finding.severity, finding.direction) == ("error", "too-much")


def test_what_stands_for_a_waiver_must_be_one():
    with pytest.raises(ManifestPolicyError):
        Review.from_dict({"unusedWaivers": [{}]})


def test_names_are_shown_on_one_line_and_not_too_long():
    shown = str(ObjectReference("v1", "ConfigMap", "n", "a\n\x1b[31m\u202eb" + "c" * 500))
    assert shown.isprintable()
    assert len(shown) <= 200
