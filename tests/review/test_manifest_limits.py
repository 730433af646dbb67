"""Limits on manifests that are small as text and huge when parsed."""

from __future__ import annotations

import tracemalloc

import pytest
import yaml

from kubiya_pulumi.review import ManifestError, parse_manifest
from kubiya_pulumi.review.kubernetes import yaml_nodes
from kubiya_pulumi.review.kubernetes.document_stream import read_documents

OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


def bomb(levels: int, line: str) -> str:
    """Return a manifest in which each line expands to ten times the line before it."""
    lines = ["x0: &x0 {k: v}"]
    lines += [line.format(i=i, refs=", ".join([f"*x{i - 1}"] * 10)) for i in range(1, levels)]
    return OBJECT + "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        bomb(12, "x{i}: &x{i} [{refs}]"),
        bomb(12, "x{i}: &x{i} {{<<: [{refs}]}}"),
    ],
    ids=["aliases", "merge keys"],
)
def test_expanding_aliases_are_rejected_with_little_memory(text: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ManifestError, match="repeats too many values with aliases"):
            parse_manifest(text)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_values_of_aliases_count_towards_the_limit() -> None:
    values = ", ".join(["1"] * 250_000)
    aliases = ", ".join(["*x2"] * 7_000)
    text = bomb(3, "x{i}: &x{i} [{refs}]") + f"\ny: [{values}]\nz: [{aliases}]\n"
    with pytest.raises(ManifestError, match="more than 1,000,000 values after expanding"):
        parse_manifest(text)


@pytest.mark.slow
def test_values_of_all_documents_count_towards_the_limit() -> None:
    json_object = '{"a": [' + "1, " * 99_997 + "1]}"
    assert len(list(read_documents(json_object * 9))) == 9
    with pytest.raises(ManifestError, match="more than 1,000,000 values"):
        list(read_documents(json_object * 11))


def test_moderate_aliases_are_accepted() -> None:
    [item] = parse_manifest(bomb(4, "x{i}: &x{i} [{refs}]"))
    assert item.body["x1"] == [{"k": "v"}] * 10


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a {b: *a}", "a: &a {b: &b [*a, *b]}"])
def test_a_value_that_contains_itself_is_rejected(text: str) -> None:
    with pytest.raises(ManifestError, match="contains itself"):
        parse_manifest(OBJECT + text)


def test_an_alias_without_an_anchor_is_rejected() -> None:
    with pytest.raises(ManifestError):
        parse_manifest(OBJECT + "a: *nothing")


def test_an_anchor_is_valid_in_its_document_only() -> None:
    with pytest.raises(ManifestError):
        parse_manifest(f"{OBJECT}a: &a 1\n---\n{OBJECT}b: *a\n")


def test_the_number_of_documents_is_limited() -> None:
    assert len(parse_manifest(f"---\n{OBJECT}" * 5_000)) == 5_000
    with pytest.raises(ManifestError, match="more than 5,000 documents"):
        parse_manifest(f"---\n{OBJECT}" * 5_001)


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
def test_the_nesting_depth_is_limited(loader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_nodes, "SafeLoader", getattr(yaml, loader))
    deep = "{a: [" * 99 + "1" + "]}" * 99
    assert parse_manifest(f"{OBJECT}a: {deep}\n")[0].body["a"]["a"][0]
    with pytest.raises(ManifestError, match="more than 200 levels"):
        parse_manifest(OBJECT + "a: " + "[" * 900)


@pytest.mark.parametrize("levels", [201, 100_000])
def test_the_nesting_depth_of_json_is_limited(levels: int) -> None:
    with pytest.raises(ManifestError, match="more than 200 levels"):
        parse_manifest('{"a": ' * levels + "1" + "}" * levels)


def test_the_nesting_depth_of_aliases_is_limited() -> None:
    lines = [f"x{i}: &x{i} [*x{i - 1}]" for i in range(1, 250)]
    with pytest.raises(ManifestError, match="more than 200 levels"):
        parse_manifest(OBJECT + "x0: &x0 [1]\n" + "\n".join(lines))
