"""Whatever stands in a manifest, the review reads it and never fails."""

from __future__ import annotations

from typing import Any

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
from tests.review.manifest_objects import deployment
from tests.review.pod_cases import POD_CASES
from tests.review.rule_cases import RULE_CASES

# What YAML can be read as, dates, sets and bytes included.
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
    *(each for bad, _ in RULE_CASES.values() for each in bad),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values inside a value."""
    inside: list[tuple[Any, ...]] = []
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, entry in entries:
        inside.append((*path, key))
        if isinstance(entry, dict | list):
            inside += places(entry, (*path, key))
    return inside


def replaced(value: Any, path: tuple[Any, ...], new: object) -> Any:
    """The value with another one at a path."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


@st.composite
def damaged(draw: st.DrawFn) -> KubernetesObject:
    """A good object with something else somewhere in it."""
    body = draw(st.sampled_from(GOOD))
    kind, metadata = body["kind"], body["metadata"]
    for _ in range(draw(st.integers(1, 3))):
        body = replaced(body, draw(st.sampled_from(places(body))), draw(VALUES))
    return KubernetesObject(
        body["apiVersion"] if isinstance(body.get("apiVersion"), str) else "v1",
        kind,
        metadata.get("namespace", ""),
        metadata["name"],
        body,
    )


@settings(max_examples=300, deadline=None)
@given(st.lists(damaged(), min_size=1, max_size=4))
def test_objects_with_anything_anywhere_are_reviewed(objects):
    found = review(
        objects,
        ManifestPolicy(deny=["*"], allowed_images=[], allowed_namespaces=[], allowed_kinds=[]),
    )
    assert len(found.objects) == len(objects)
    assert Review.from_dict(found.to_dict()) == found


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([each["kind"] for each in GOOD]), VALUES)
def test_objects_of_any_form_are_reviewed(kind, content):
    body = content if isinstance(content, dict) else {"spec": content}
    found = review([KubernetesObject("v1", kind, "", "x", body)])
    assert len(found.objects) == 1


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_waivers_of_any_form_are_read_or_refused(data):
    try:
        waiver = Waiver.from_dict(data)
    except ManifestPolicyError:
        return
    assert Waiver.from_dict(waiver.to_dict()) == waiver


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_stored_reviews_of_any_form_are_read_or_refused(data):
    assert isinstance(Review.from_dict({"unusedWaivers": [], "findings": data}), Review)
    try:
        found = Review.from_dict(data)
    except ManifestPolicyError:
        return
    assert Review.from_dict(found.to_dict()) == found


def test_deep_objects_are_reviewed():
    value: Any = "end"
    for _ in range(50_000):
        value = {"spec": [value]}
    body = {"spec": {"template": {"spec": {"containers": [value]}}}, "data": value}
    for kind in ("Deployment", "ConfigMap", "ClusterRole", "RoleBinding"):
        assert len(review([KubernetesObject("v1", kind, "", "x", body)]).objects) == 1
