"""Parsing the text of a manifest into objects."""

from __future__ import annotations

import pytest
import yaml

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


def scanner_limits_nesting() -> bool:
    """Return whether the scanner refuses 1,001 levels, as the libyaml of PyYAML 6.0.4 does."""
    try:
        list(yaml.parse("[" * 1001 + "]" * 1001, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except yaml.YAMLError:
        return True
    return False


TOO_DEEP = (
    "is not valid YAML (line 1, column 1001)"
    if scanner_limits_nesting()
    else "nests lists and mappings more than 200 levels deep"
)


def test_objects_keep_the_order_of_the_text() -> None:
    objects = parse_manifest(f"{NAMESPACE}---\n{DEPLOYMENT}")
    assert [(o.api_version, o.kind, o.namespace, o.name) for o in objects] == [
        ("v1", "Namespace", "", "kubiya-system"),
        ("apps/v1", "Deployment", "kubiya-system", "tool-manager"),
    ]


def test_empty_documents_are_skipped() -> None:
    objects = parse_manifest(f"---\n# a comment\n---\n{NAMESPACE}---\n---\nnull\n")
    assert [o.kind for o in objects] == ["Namespace"]


def test_lists_are_expanded() -> None:
    items = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}} for name in "ab"]
    objects = parse_manifest(str({"apiVersion": "v1", "kind": "List", "items": items}))
    assert [o.name for o in objects] == ["a", "b"]


def test_a_kind_that_ends_in_list_without_items_is_an_object() -> None:
    objects = parse_manifest("apiVersion: x/v1\nkind: AllowList\nmetadata: {name: a}")
    assert [o.kind for o in objects] == ["AllowList"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        (" \n\t\n", "is empty"),
        ("---\n---\n", "contains no Kubernetes objects, only empty documents"),
        ("<!DOCTYPE html><html></html>", "is a web page (HTML or XML), not Kubernetes YAML"),
        ("\ufeff\n <html>", "is a web page (HTML or XML), not Kubernetes YAML"),
        ("a: [1,\n b: }", "is not valid YAML (line 2, column 5)"),
        ("a: b\n\x00", "is not valid YAML (line 1 or below)"),
        ("? {}\n: 1", "is not Kubernetes YAML: line 1: a key is a list or a mapping"),
        ("a: *x", "is not Kubernetes YAML: line 1: an alias has no anchor above it"),
        ("a: !!int x", "is not Kubernetes YAML: line 1: the tag !!int does not match the value"),
        (
            f"{NAMESPACE}--- {{a: b}}",
            "is not Kubernetes YAML: line 5: a line that begins with "
            "`---` contains something else; end it there",
        ),
        ("- 1\n- 2", "is not Kubernetes YAML: document 1 is not an object"),
        ("just text", "is not Kubernetes YAML: document 1 is not an object"),
        (f"{NAMESPACE}---\nkind: X", "is not Kubernetes YAML: document 2 has no apiVersion"),
        ("apiVersion: v1", "is not Kubernetes YAML: document 1 has no kind"),
        ("apiVersion: v1\nkind: X", "is not Kubernetes YAML: document 1 has no metadata.name"),
        (
            "apiVersion: v1\nkind: List\nitems: [{}]",
            "is not Kubernetes YAML: item 1 of document 1 has no apiVersion",
        ),
        ("[" * 5000, TOO_DEEP),
    ],
)
def test_invalid_text_is_rejected_with_the_reason(text: str, problem: str) -> None:
    with pytest.raises(ManifestError) as rejected:
        parse_manifest(text)
    assert str(rejected.value) == problem


def test_an_error_never_quotes_the_text() -> None:
    with pytest.raises(ManifestError) as rejected:
        parse_manifest("password: hunter2\n\thunter2: [")
    assert "hunter2" not in str(rejected.value)
    assert rejected.value.__cause__ is None
    assert rejected.value.__suppress_context__


def test_the_repr_of_an_object_contains_no_secret() -> None:
    [secret] = parse_manifest(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {password: aHVudGVyMg==}"
    )
    assert secret.body["data"] == {"password": "aHVudGVyMg=="}
    assert "aHVudGVyMg" not in repr(secret)


@pytest.mark.parametrize("value", ["1:" * 500_000 + "1", "9" * 500_000, "1_" * 500_000 + "x"])
def test_an_endless_scalar_takes_no_time(value: str) -> None:
    [item] = parse_manifest(f"apiVersion: v1\nkind: X\nmetadata: {{name: a}}\nx: {value}\n")
    assert item.body["x"] == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (f"&x {'# ' * 10_000}\n  ! 5", "5"),
        ("&x\n" + "  # a\n" * 10_000 + "  5", 5),
        ("|\n" + "\n" * 10_000 + "  a", "\n" * 10_000 + "a\n"),
        ("|\n" + " \n" * 10_000 + "  a", "\n" * 10_000 + "a\n"),
    ],
    ids=["comment", "comments", "empty lines", "blank lines"],
)
def test_long_gaps_take_no_time(text: str, value: object) -> None:
    [item] = parse_manifest(f"apiVersion: v1\nkind: X\nmetadata: {{name: a}}\nx: {text}\n")
    assert item.body["x"] == value
