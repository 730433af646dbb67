"""The review accepts objects with arbitrary content and never fails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubiya_pulumi.review import (
    KubernetesObject,
    ManifestPolicy,
    ManifestPolicyError,
    Review,
    Waiver,
    review,
)
from tests.review.access_cases import MANIFEST
from tests.review.custom_pods import CUSTOM_PODS
from tests.review.manifest_objects import deployment
from tests.review.pod_cases import POD_CASES
from tests.review.rule_cases import RULE_CASES

# The types that YAML can produce, including dates, sets and bytes.
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.binary(max_size=4),
    st.dates(),
    st.sampled_from(["*", "ClusterRole", "system:serviceaccounts", "default", "In"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(SCALARS, inner, max_size=3),
        st.frozensets(SCALARS, max_size=2),
    ),
    max_leaves=8,
)

GOOD = (
    *MANIFEST,
    *(deployment(case.spec, annotations=case.annotations) for case in POD_CASES),
    *(item for bad, _ in RULE_CASES.values() for item in bad),
    *(item for item, _ in CUSTOM_PODS.values()),
)


def paths_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all nested values."""
    paths: list[tuple[Any, ...]] = []
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, entry in entries:
        paths.append((*path, key))
        if isinstance(entry, dict | list):
            paths += paths_in(entry, (*path, key))
    return paths


def replaced(value: Any, path: tuple[Any, ...], new: object) -> Any:
    """Return a copy of the value with another one at a path."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


@st.composite
def damaged(draw: st.DrawFn) -> KubernetesObject:
    """Draw a valid object in which some values are replaced."""
    body = draw(st.sampled_from(GOOD))
    kind, metadata = body["kind"], body["metadata"]
    for _ in range(draw(st.integers(1, 3))):
        body = replaced(body, draw(st.sampled_from(paths_in(body))), draw(VALUES))
    return KubernetesObject(
        body["apiVersion"] if isinstance(body.get("apiVersion"), str) else "v1",
        kind,
        metadata.get("namespace", ""),
        metadata["name"],
        body,
    )


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.lists(damaged(), min_size=1, max_size=4))
def test_damaged_objects_are_reviewed(objects: Sequence[Any]) -> None:
    result = review(
        objects,
        ManifestPolicy(deny=["*"], allowed_images=[], allowed_namespaces=[], allowed_kinds=[]),
    )
    assert len(result.objects) == len(objects)
    assert Review.from_dict(result.to_dict()) == result


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["v1", "example.com/v1"]),
    st.sampled_from([item["kind"] for item in GOOD]),
    VALUES,
)
def test_objects_of_any_shape_are_reviewed(api: str, kind: str, content: Any) -> None:
    body = content if isinstance(content, dict) else {"spec": content}
    result = review([KubernetesObject(api, kind, "", "x", body)])
    assert len(result.objects) == 1


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_waivers_of_any_shape_are_read_or_rejected(data: Any) -> None:
    try:
        waiver = Waiver.from_dict(data)
    except ManifestPolicyError:
        return
    assert Waiver.from_dict(waiver.to_dict()) == waiver


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_stored_reviews_of_any_shape_are_read_or_rejected(data: Any) -> None:
    assert isinstance(Review.from_dict({"unusedWaivers": [], "findings": data}), Review)
    try:
        result = Review.from_dict(data)
    except ManifestPolicyError:
        return
    assert Review.from_dict(result.to_dict()) == result


@pytest.mark.slow
def test_deeply_nested_objects_are_reviewed() -> None:
    value: Any = "end"
    for _ in range(50_000):
        value = {"spec": [value]}
    body = {"spec": {"template": {"spec": {"containers": [value]}}}, "data": value}
    for kind in ("Deployment", "ConfigMap", "ClusterRole", "RoleBinding"):
        for api in ("v1", "example.com/v1"):
            assert len(review([KubernetesObject(api, kind, "", "x", body)]).objects) == 1
