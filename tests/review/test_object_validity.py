"""Objects that the API server refuses are found, and those that it accepts are not.

`tests/cluster/test_validity_against_the_cluster.py` compares these objects with an API server.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pins
import pytest
import yaml

from kubiya_pulumi.emulator import Emulator
from kubiya_pulumi.review import (
    Category,
    Finding,
    Inventory,
    KubernetesObject,
    ManifestError,
    ManifestPolicy,
    ManifestPolicyError,
    Review,
    parse_manifest,
    review,
)
from kubiya_pulumi.review.checks import object_validity
from kubiya_pulumi.review.kubernetes import schemas
from tests.harness.toolchain import ROOT
from tests.review.validity_cases import (
    ACCEPTED,
    ORDINARY_OBJECTS,
    REFUSED,
    custom_resource,
    widget_definition,
)

NOT_IN_MANIFESTS = {
    *("APIGroup", "APIVersions", "Binding", "ComponentStatus", "DeleteOptions", "Eviction"),
    *("Scale", "Status", "TokenRequest", "WatchEvent"),
}
"""The kinds of requests and responses, which are not stored."""


def invalid(text: str) -> list[Finding]:
    """Return the findings of this rule alone, in the order of a review."""
    found = object_validity.findings(Inventory(parse_manifest(text)))
    return sorted(found, key=lambda finding: (str(finding.object), finding.message))


def messages(text: str) -> list[str]:
    return [finding.message for finding in invalid(text)]


@pytest.fixture
def without_schemas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the package of the schemas, as if it was not installed."""
    monkeypatch.setitem(sys.modules, "kubernetes_validate", None)


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_object_is_found(name: str) -> None:
    case = REFUSED[name]
    assert messages(case.manifest) == [case.message]


@pytest.mark.parametrize("name", ACCEPTED)
def test_an_accepted_object_is_not_found(name: str) -> None:
    assert messages(ACCEPTED[name]) == []


VALUES_THAT_ARE_NOT_TEXT = """
apiVersion: v1
kind: ConfigMap
metadata:
  name: flags
  namespace: default
  annotations: {example.com/enabled: true}
  labels: {version: 1.10}
data:
  enabled: yes
  port: 8080
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: default}
spec:
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}}
    spec:
      containers:
      - name: app
        image: registry.example.com/app:1
        env: [{name: PORT, value: 8080}]
"""


def test_every_value_of_an_object_is_found() -> None:
    found = invalid(VALUES_THAT_ARE_NOT_TEXT)
    assert [(str(finding.object), finding.message) for finding in found] == [
        (
            "ConfigMap/default/flags",
            "Field data.enabled is true (boolean) and must be a string; put its value in quotes.",
        ),
        (
            "ConfigMap/default/flags",
            "Field data.port is a number and must be a string; put its value in quotes.",
        ),
        (
            "ConfigMap/default/flags",
            'Field metadata.annotations["example.com/enabled"] is true (boolean) and must be a '
            "string; put its value in quotes.",
        ),
        (
            "ConfigMap/default/flags",
            "Field metadata.labels.version is a number and must be a string; put its value in "
            "quotes.",
        ),
        (
            "Deployment/default/app",
            'Field spec.template.spec.containers[name="app"].env[name="PORT"].value is a number '
            "and must be a string; put its value in quotes.",
        ),
    ]
    assert {finding.category for finding in found} == {Category.INVALID}


@pytest.mark.parametrize("path", sorted((ROOT / "examples").rglob("*.y*ml")), ids=str)
def test_the_manifests_of_the_examples_are_valid(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if "\nkind:" in text:
        assert messages(text) == []


def test_an_ordinary_object_of_each_kind_is_valid() -> None:
    objects = parse_manifest(ORDINARY_OBJECTS.read_text(encoding="utf-8"))
    result = review(objects)
    assert [finding for finding in result.findings if finding.rule == "invalid-object"] == []
    assert result.unchecked == ()
    kinds = {
        (f"{group}/{version}" if group else version, kind)
        for group, version, kind in schemas.kinds()
        if re.fullmatch(r"v\d+", version) and not kind.endswith(("List", "Review"))
    }
    missing = kinds - {(item.api_version, item.kind) for item in objects}
    assert {kind for _, kind in missing} == NOT_IN_MANIFESTS


def test_the_manifest_of_the_emulator_is_valid() -> None:
    with Emulator() as emulator:
        text = emulator.add_runner("runner-prod").manifest
    result = review(parse_manifest(text))
    assert [finding for finding in result.findings if finding.rule == "invalid-object"] == []
    assert result.unchecked == ()


@pytest.mark.parametrize("kind", ["Secret", "ConfigMap"])
def test_a_message_quotes_no_value(kind: str) -> None:
    secret = 31415926
    manifest = {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {"name": "x"},
        "data": {"number": secret, "list": [str(secret)], "object": {"a": str(secret)}},
        "immutable": str(secret),
        "type": [str(secret)],
    }
    text = yaml.safe_dump(manifest)
    assert len(messages(text)) == 5
    assert str(secret) not in " ".join(messages(text))


def test_booleans_are_quoted_only_where_they_cannot_be_secret() -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {a: yes}\n"
    assert messages(secret) == [
        "Field stringData.a is a boolean and must be a string; put its value in quotes."
    ]


def test_the_findings_of_one_object_are_limited() -> None:
    data = "".join(f"  key{number}: {number}\n" for number in range(500))
    found = messages(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\ndata:\n{data}")
    assert len(found) == object_validity.MAX_PROBLEMS + 1
    assert "The object has 490 more problems; correct those above first." in found


def test_a_custom_resource_is_checked_if_its_definition_is_in_the_manifest() -> None:
    definition = widget_definition({"size": {"type": "integer"}})
    assert messages(definition + custom_resource({"size": 1})) == []
    [message] = messages(definition + custom_resource({"size": "1"}))
    assert message == (
        "Field spec.size is a string and must be an integer; remove its quotes, or correct it."
    )


def test_a_custom_resource_without_its_definition_is_reported_as_not_checked() -> None:
    result = review(parse_manifest(custom_resource({"size": "1"})))
    assert "invalid-object" not in {finding.rule for finding in result.findings}
    assert result.unchecked == (
        "Objects of custom kinds were not checked, because their CustomResourceDefinition is not "
        "in the manifest: Widget/default/x.",
    )
    assert Review.from_dict(result.to_dict()) == result


@pytest.mark.usefixtures("without_schemas")
class TestWithoutTheSchemas:
    def test_the_review_says_so_in_one_line(self) -> None:
        result = review(parse_manifest(VALUES_THAT_ARE_NOT_TEXT))
        assert [f for f in result.findings if f.rule == "invalid-object"] == []
        assert result.unchecked == (object_validity.MISSING_PACKAGE,)
        assert "kubiya-pulumi[schemas]" in object_validity.MISSING_PACKAGE

    def test_a_policy_that_names_the_rule_is_refused(self) -> None:
        for pattern in ("invalid-object", "invalid-*"):
            with pytest.raises(ManifestPolicyError, match=r"kubiya-pulumi\[schemas\]"):
                ManifestPolicy(deny=[pattern])

    def test_a_policy_that_denies_more_than_the_rule_is_accepted(self) -> None:
        for pattern in ("*", "error", "i*"):
            policy = ManifestPolicy(deny=[pattern])
            result = review(parse_manifest(VALUES_THAT_ARE_NOT_TEXT), policy)
            assert result.unchecked == (object_validity.MISSING_PACKAGE,)
            assert policy.denies_invalid_objects

    def test_names_and_selectors_are_checked(self) -> None:
        assert len(messages("apiVersion: v1\nkind: Pod\nmetadata: {name: Foo_Bar}\n")) == 1


def test_a_policy_can_deny_and_waive_the_rule() -> None:
    policy = ManifestPolicy(deny=["invalid-object"])
    denied = review(parse_manifest(VALUES_THAT_ARE_NOT_TEXT), policy).denied
    assert {finding.rule for finding in denied} == {"invalid-object"}


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


def test_a_schema_that_is_nested_too_deeply_is_a_finding() -> None:
    body = yaml.safe_load(widget_definition({}).removesuffix("---\n"))
    body["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = nested(5_000)
    content: dict[str, Any] = {}
    for _ in range(5_000):
        content = {"a": content}
    objects = [
        KubernetesObject("apiextensions.k8s.io/v1", body["kind"], "", "x", body),
        KubernetesObject(
            "example.com/v1",
            "Widget",
            "default",
            "x",
            {
                "apiVersion": "example.com/v1",
                "kind": "Widget",
                "metadata": {"name": "x"},
                **content,
            },
        ),
    ]
    found = [f for f in review(objects).findings if f.rule == "invalid-object"]
    assert "The object or its schema is nested too deeply to be checked; flatten it." in {
        finding.message for finding in found
    }


@pytest.mark.timeout(60)  # Python needs hours to evaluate it.
def test_a_regular_expression_of_a_schema_is_not_evaluated() -> None:
    definition = widget_definition({"name": {"type": "string", "pattern": "^(a+)+$"}})
    assert messages(definition + custom_resource({"name": "a" * 60 + "!"})) == []


def test_the_work_that_a_schema_causes_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_validity, "MAX_SCHEMA_STEPS", 50_000)
    alternatives = [{"minLength": 1}] * 1_000
    definition = widget_definition(
        {"names": {"type": "array", "items": {"type": "string", "allOf": alternatives}}}
    )
    manifest = definition + custom_resource({"names": ["x"] * 1_000})
    with pytest.raises(ManifestError, match="takes more than 50,000 steps"):
        review(parse_manifest(manifest))


@pytest.mark.timeout(60)
def test_many_problems_are_counted_fast() -> None:
    spec: dict[str, Any] = {f"unknownField{number}": {} for number in range(50_000)}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": spec}
    items = Inventory([KubernetesObject("v1", "Pod", "default", "x", body)])
    assert len(list(object_validity.findings(items))) == object_validity.MAX_PROBLEMS + 1


def test_a_malformed_definition_does_not_end_the_review() -> None:
    for schema in ("[]", "{type: 5}", "{properties: [1]}", "{minimum: x, enum: 3, required: a}"):
        text = f"""
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: widgets.example.com}}
spec:
  group: example.com
  names: {{plural: widgets, kind: Widget}}
  scope: Namespaced
  versions:
  - {{name: v1, served: true, storage: true, schema: {{openAPIV3Schema: {schema}}}}}
---
{custom_resource({"size": 1})}"""
        assert messages(text)


def test_the_schemas_are_those_of_the_stated_version_or_the_nearest() -> None:
    assert pins.KUBERNETES.startswith(f"{schemas.KUBERNETES_VERSION}.")
    assert schemas.schema_of("apps", "v1", "Deployment") is not None
    assert schemas.versions_of("autoscaling", "HorizontalPodAutoscaler") == ("v1", "v2")
    assert schemas.schema_of("extensions", "v1beta1", "Ingress") is None
