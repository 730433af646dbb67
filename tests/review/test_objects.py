"""From manifest text to objects."""

import pytest

from kubiya_pulumi.review import ManifestError, parse_manifest

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: tool-manager
  namespace: kubiya-system
"""

NAMESPACE = """\
apiVersion: v1
kind: Namespace
metadata:
  name: kubiya-system
"""


def test_objects_stand_in_the_order_of_the_text():
    found = parse_manifest(f"{NAMESPACE}---\n{DEPLOYMENT}")
    assert [(o.api_version, o.kind, o.namespace, o.name) for o in found] == [
        ("v1", "Namespace", "", "kubiya-system"),
        ("apps/v1", "Deployment", "kubiya-system", "tool-manager"),
    ]


def test_empty_documents_are_passed_over():
    found = parse_manifest(f"---\n# a comment\n---\n{NAMESPACE}---\n---\nnull\n")
    assert [o.kind for o in found] == ["Namespace"]


def test_lists_are_taken_apart():
    items = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}} for name in "ab"]
    found = parse_manifest(str({"apiVersion": "v1", "kind": "List", "items": items}))
    assert [o.name for o in found] == ["a", "b"]


def test_a_kind_that_ends_in_list_without_items_is_an_object():
    found = parse_manifest("apiVersion: x/v1\nkind: AllowList\nmetadata: {name: a}")
    assert [o.kind for o in found] == ["AllowList"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        (" \n\t\n", "is empty"),
        ("---\n---\n", "has no Kubernetes object in it, only empty documents"),
        ("<!DOCTYPE html><html></html>", "is a web page (HTML or XML), not Kubernetes YAML"),
        ("\ufeff\n <html>", "is a web page (HTML or XML), not Kubernetes YAML"),
        ("a: [1,\n b: }", "is not valid YAML (line 2, column 5)"),
        ("a: b\n\x00", "is not valid YAML"),
        ("when: 2024-99-99", "is not valid YAML (line 1, column 7)"),
        ("? {}\n: 1", "is not valid YAML (line 1, column 3)"),
        ("a: !!python/object:os.system x", "is not valid YAML (line 1, column 4)"),
        ("- 1\n- 2", "is not Kubernetes YAML: document 1 is no object"),
        ("just text", "is not Kubernetes YAML: document 1 is no object"),
        (f"{NAMESPACE}---\nkind: X", "is not Kubernetes YAML: document 2 has no apiVersion"),
        ("apiVersion: v1", "is not Kubernetes YAML: document 1 has no kind"),
        ("apiVersion: v1\nkind: X", "is not Kubernetes YAML: document 1 has no metadata.name"),
        (
            "apiVersion: v1\nkind: X\nmetadata: {name: 5}",
            "is not Kubernetes YAML: document 1 has no metadata.name",
        ),
        (
            "apiVersion: v1\nkind: List\nitems: [{}]",
            "is not Kubernetes YAML: item 1 of document 1 has no apiVersion",
        ),
        ("[" * 5000, "is not valid YAML (line 1, column 1001)"),
    ],
)
def test_what_is_no_manifest_is_refused_with_the_reason(text, problem):
    with pytest.raises(ManifestError) as refused:
        parse_manifest(text)
    assert str(refused.value) == problem


def test_a_refusal_never_quotes_the_text():
    with pytest.raises(ManifestError) as refused:
        parse_manifest("password: hunter2\n\thunter2: [")
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_the_repr_of_an_object_holds_no_secret():
    [secret] = parse_manifest(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {password: aHVudGVyMg==}"
    )
    assert secret.body["data"] == {"password": "aHVudGVyMg=="}
    assert "aHVudGVyMg" not in repr(secret)


@pytest.mark.parametrize(
    "value",
    [
        *('!!int ""', '!!float ""', "!!bool x", "!!timestamp x", "!!int x", "2001-13-45"),
        *("1:" * 2000 + "1.5", "1:" * 500_000 + "1", "9" * 5_000),
    ],
    ids=lambda value: value[:20],
)
def test_a_value_that_is_not_what_its_tag_says_is_no_yaml(value):
    with pytest.raises(ManifestError, match=r"is not valid YAML \(line 4, column 4\)"):
        parse_manifest(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\nx: {value}\n")
