"""Manifests are read as in Kubernetes, and rendered so that every parser reads them alike."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from kubiya_pulumi.review import ManifestError, parse_manifest, render_manifest
from kubiya_pulumi.review.kubernetes import yaml_nodes
from kubiya_pulumi.review.kubernetes.document_stream import read_documents
from tests.harness.kubernetes_yaml import same_json
from tests.review.reading_cases import (
    DOCUMENTS,
    KEYS,
    REFUSED_BY_US,
    REFUSED_DOCUMENTS,
    REFUSED_SCALARS,
    SCALARS,
)


@pytest.fixture(autouse=True, params=["libyaml", "without libyaml"])
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "without libyaml":
        monkeypatch.setattr(yaml_nodes, "SafeLoader", yaml.SafeLoader)
    elif not hasattr(yaml, "CSafeLoader"):
        pytest.skip("PyYAML was built without libyaml")


def read(text: str) -> list[Any]:
    values = [document.value for document in read_documents(text)]
    for value in values:
        if value is not None and not isinstance(value, dict):
            raise ManifestError("is not an object")
    return [value for value in values if value]


@pytest.mark.parametrize(("text", "value"), SCALARS.items(), ids=ascii)
def test_a_scalar_has_the_value_that_it_has_in_kubernetes(text: str, value: object) -> None:
    [document] = read(f"a: {text}\n")
    assert same_json(document, {"a": value})
    assert type(document["a"]) is type(value) or isinstance(value, float)


@pytest.mark.parametrize(("text", "key"), KEYS.items())
def test_a_key_is_converted_to_the_string_of_kubernetes(text: str, key: str) -> None:
    assert read(f"? {text}\n: 1\n") == [{key: 1}]


@pytest.mark.parametrize(("text", "objects"), DOCUMENTS.items(), ids=ascii)
def test_documents_are_divided_and_merged_as_in_kubernetes(
    text: str, objects: list[dict[str, Any]]
) -> None:
    assert read(text) == objects


@pytest.mark.parametrize("text", REFUSED_SCALARS)
def test_a_scalar_that_kubernetes_refuses_is_refused(text: str) -> None:
    with pytest.raises(ManifestError):
        read(f"a: {text}\n")


@pytest.mark.parametrize("text", REFUSED_DOCUMENTS, ids=ascii)
def test_a_document_that_kubernetes_refuses_is_refused(text: str) -> None:
    with pytest.raises(ManifestError):
        read(text)


@pytest.mark.parametrize(("text", "reason"), REFUSED_BY_US, ids=ascii)
def test_a_construct_without_one_reading_is_refused_with_its_line(text: str, reason: str) -> None:
    with pytest.raises(ManifestError) as refused:
        read(text)
    assert reason in str(refused.value)


def test_an_object_knows_its_line() -> None:
    text = (
        "# comment\n---\napiVersion: v1\nkind: X\nmetadata: {name: a}\n---\n\n"
        "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: X, metadata: {name: b}}\n"
        "- kind: X\n  apiVersion: v1\n  metadata: {name: c}\n"
    )
    assert [(item.name, item.line) for item in parse_manifest(text)] == [
        ("a", 3),
        ("b", 11),
        ("c", 12),
    ]


def test_an_object_of_json_knows_the_line_of_its_document() -> None:
    item = '{"apiVersion": "v1", "kind": "X", "metadata": {"name": "a"}}'
    assert [item.line for item in parse_manifest(f"\n{item}\n{item}")] == [2, 3]


@pytest.mark.parametrize(
    ("field", "path", "value"),
    [
        ("metadata: {name: 123}", "metadata.name", "a number"),
        ("metadata: {name: yes}", "metadata.name", "a boolean"),
        ("metadata: {name: [a]}", "metadata.name", "a list"),
        ("metadata: {name: {a: b}}", "metadata.name", "a mapping"),
        ("metadata: {name: a, namespace: 5.5}", "metadata.namespace", "a number"),
        ("kind: 5\nmetadata: {name: a}", "kind", "a number"),
        ("apiVersion: 1.5\nmetadata: {name: a}", "apiVersion", "a number"),
    ],
)
def test_a_name_that_is_not_a_string_is_reported_with_its_type(
    field: str, path: str, value: str
) -> None:
    with pytest.raises(ManifestError) as refused:
        parse_manifest(f"apiVersion: v1\nkind: X\n{field}\n")
    assert str(refused.value) == (
        f"is not Kubernetes YAML: {path} of document 1 is {value}, not a string; quote it"
    )


@pytest.mark.parametrize(
    "text",
    [
        "a: [x, yes, 08, 1.5, null, '', 'null', '1:30', {}, [], !!binary Kg==, 1e-7, 1e30]",
        'a: "\\x7f \\x85 \\u2028 \\u2029 \\uFEFF \\uFFFE \\t \\n \\r \\0 \\e"',
        'a: "/ \\\\ \\" \\U0001F680 \u00e9"',
        "? 'a: b #\\n'\n: '- x'\n? ''\n: 1",
        "a: |\n  ---\n  x: y\n  \n",
    ],
)
def test_a_rendered_manifest_has_the_same_objects(text: str) -> None:
    head = "apiVersion: v1\nkind: X\nmetadata: {name: a}\n"
    objects = parse_manifest(f"{head}{text}\n---\n{head}")
    rendered = render_manifest(objects)
    assert [item.body for item in parse_manifest(rendered)] == [item.body for item in objects]
    assert rendered.count("\n---\n") == 1
    assert render_manifest(parse_manifest(rendered)) == rendered


def test_a_rendered_manifest_quotes_every_string() -> None:
    [item] = parse_manifest("apiVersion: v1\nkind: X\nmetadata: {name: a}\nx: [yes, on1, 08, ~]\n")
    assert render_manifest([item]) == (
        '---\n{\n  "apiVersion": "v1",\n  "kind": "X",\n  "metadata": {\n    "name": "a"\n  },\n'
        '  "x": [\n    true,\n    "on1",\n    8,\n    null\n  ]\n}\n'
    )
