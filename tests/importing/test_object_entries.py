"""The import entries of the objects of a manifest."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from kubiya_pulumi.importing.entries import EntryGroup
from kubiya_pulumi.importing.object_entries import object_entries, without_repeated_objects
from kubiya_pulumi.review import parse_manifest, review

SECRET = "hunter2-hunter2"
TOKEN = "ghp_" + "a1B2" * 9
WIDGETS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec: {group: example.com, scope: SCOPE, names: {kind: Widget}}
---
"""


def entries_of(manifest: str, *, with_secrets: bool = False) -> EntryGroup:
    objects = parse_manifest(manifest)
    return object_entries(
        objects, resource_name="prod", parent="component", with_secrets=with_secrets
    )


def only_object(manifest: str, *, with_secrets: bool = False) -> dict[str, Any]:
    [_group, entry] = entries_of(manifest, with_secrets=with_secrets).entries
    return entry


@pytest.mark.parametrize(
    ("manifest", "id_"),
    [
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}", "b/a"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}", None),
        ("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}", "a"),
        ("apiVersion: v1\nkind: Namespace\nmetadata: {name: a, namespace: b}", None),
        ("apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a, namespace: b}", None),
        ("apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}", None),
    ],
)
def test_only_objects_whose_id_the_manifest_tells_are_imported(
    manifest: str, id_: str | None
) -> None:
    found = entries_of(manifest)
    assert [entry["id"] for entry in found.entries[1:]] == ([] if id_ is None else [id_])
    assert len(found.left_out) == (1 if id_ is None else 0)


@pytest.mark.parametrize(
    ("scope", "namespace", "id_"),
    [
        ("Namespaced", "b", "b/a"),
        ("Namespaced", "", None),
        ("Cluster", "", "a"),
        ("Cluster", "b", None),
    ],
)
def test_the_manifest_tells_the_scope_of_its_own_kinds(
    scope: str, namespace: str, id_: str | None
) -> None:
    widget = (
        f"apiVersion: example.com/v1\nkind: Widget\nmetadata: {{name: a, namespace: '{namespace}'}}"
    )
    found = entries_of(WIDGETS.replace("SCOPE", scope) + widget)
    expected = ["widgets.example.com"] + ([] if id_ is None else [id_])
    assert [entry["id"] for entry in found.entries[1:]] == expected


PLACES = {
    "ConfigMap": {"data": {"DB_PASSWORD": SECRET, "file": f"password: {SECRET}"}},
    "annotation": {"metadata": {"annotations": {"api-token": TOKEN}}},
    "environment": {"env": [{"name": "DB_PASSWORD", "value": SECRET}]},
    "command": {"command": ["run", f"--password={SECRET}"]},
    "arguments": {"args": ["--password", SECRET]},
    "probe": {"livenessProbe": {"exec": {"command": ["check", f"--token={TOKEN}"]}}},
    "header": {
        "readinessProbe": {
            "httpGet": {"httpHeaders": [{"name": "Authorization", "value": f"Bearer {TOKEN}"}]}
        }
    },
    "hook": {"lifecycle": {"preStop": {"exec": {"command": ["stop", f"--token={TOKEN}"]}}}},
}


@pytest.mark.parametrize("place", PLACES)
def test_no_credential_that_the_review_finds_is_in_an_entry(place: str) -> None:
    metadata = {"name": "a", "namespace": "b"}
    fields = PLACES[place]
    if place in ("ConfigMap", "annotation"):
        body: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
        body |= {key: value for key, value in fields.items() if key != "metadata"}
        body["metadata"] = metadata | fields.get("metadata", {})
    else:
        pod = {"containers": [{"name": "tools", "image": "example.com/tools:1", **fields}]}
        template = {"metadata": {"labels": {"a": "b"}}, "spec": pod}
        spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
        body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
    manifest = yaml.safe_dump(body)
    found = {finding.rule for finding in review(parse_manifest(manifest)).findings}
    assert any(rule.startswith("secret-in-") for rule in found)
    entry = json.dumps(only_object(manifest))
    assert [secret for secret in (SECRET, TOKEN) if secret in entry] == []
    written = json.dumps(only_object(manifest, with_secrets=True))
    assert SECRET in written or TOKEN in written


def test_an_entry_keeps_the_fields_and_what_tells_the_object() -> None:
    manifest = """
apiVersion: apps/v1
kind: Deployment
metadata:
  {name: a, namespace: b, labels: {app: a}, annotations: {pulumi.com/skipAwait: "true", c: d}}
spec:
  replicas: 2
  template: {spec: {containers: [{name: tools, args: [x, ""], env: [{name: A, value: text}]}]}}
"""
    entry = only_object(manifest)
    assert entry["inputs"] == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "a",
            "namespace": "b",
            "labels": {"app": "a"},
            "annotations": {"pulumi.com/skipAwait": "true", "c": "b21pdHRlZA=="},
        },
        "spec": {
            "replicas": 2,
            "template": {
                "spec": {
                    "containers": [
                        {
                            "name": "tools",
                            "args": ["b21pdHRlZA==", ""],
                            "env": [{"name": "A", "value": "b21pdHRlZA=="}],
                        }
                    ]
                }
            },
        },
    }
    assert entry["outputs"] == {
        **entry["inputs"],
        "__inputs": entry["inputs"],
        "__initialApiVersion": "apps/v1",
    }
    assert (entry["type"], entry["logicalName"], entry["id"]) == (
        "kubernetes:apps/v1:Deployment", "prod-objects:b/a", "b/a",
    )  # fmt: skip


def test_nothing_of_a_custom_object_is_in_its_entry_but_its_metadata() -> None:
    widget = """
apiVersion: example.com/v1
kind: Widget
metadata: {name: a, namespace: b, labels: {c: d}}
spec: {anything: text, size: 1}
"""
    manifest = WIDGETS.replace("SCOPE", "Namespaced") + widget
    entry = entries_of(manifest).entries[-1]
    assert entry["inputs"]["metadata"] == {"name": "a", "namespace": "b", "labels": {"c": "d"}}
    assert entry["inputs"]["spec"] == {"anything": "b21pdHRlZA==", "size": 1}


def test_the_data_of_a_secret_is_one_secret() -> None:
    manifest = """
apiVersion: v1
kind: Secret
metadata: {name: a, namespace: b}
stringData: {text: plain}
data: {other: b3RoZXI=}
"""
    inputs = only_object(manifest, with_secrets=True)["inputs"]
    assert "stringData" not in inputs
    assert json.loads(inputs["data"]["plaintext"]) == {"other": "b3RoZXI=", "text": "cGxhaW4="}
    omitted = only_object(manifest)["inputs"]["data"]["plaintext"]
    assert json.loads(omitted).keys() == {"other", "text"}
    assert "b3RoZXI=" not in omitted
    assert "cGxhaW4=" not in omitted


def test_an_object_that_occurs_twice_is_left_out_unless_deployments_share_it() -> None:
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n"
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: a}\n"
    first = entries_of(f"{namespace}---\n{config}---\n{config}").entries
    kept, left_out = without_repeated_objects(first)
    assert [entry.get("id") for entry in kept] == [None, "a"]
    assert left_out == ["ConfigMap/a/a"]
    other = object_entries(
        parse_manifest(f"{namespace}---\n{config}"), resource_name="other", parent="second"
    ).entries
    kept, left_out = without_repeated_objects([*first[:3], *other])
    assert [entry.get("id") for entry in kept] == [None, "a", None, "a"]
    assert left_out == ["ConfigMap/a/a"]
    assert without_repeated_objects(entries_of(f"{namespace}---\n{namespace}").entries)[1] == [
        "Namespace/a"
    ]
