"""The images that a manifest runs."""

import json

import pytest

from kubiya_pulumi.review import images, parse_manifest

POD_SPEC = {
    "initContainers": [{"name": "i", "image": "registry/init:1"}],
    "containers": [
        {"name": "b", "image": "registry/b:1"},
        {"name": "a", "image": "registry/a:1"},
        {"name": "again", "image": "registry/b:1"},
    ],
}


def manifest(kind: str, spec: object) -> str:
    return json.dumps(
        {"apiVersion": "any/v1", "kind": kind, "metadata": {"name": "x"}, "spec": spec}
    )


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("Pod", POD_SPEC),
        ("Deployment", {"template": {"spec": POD_SPEC}}),
        ("StatefulSet", {"template": {"spec": POD_SPEC}}),
        ("DaemonSet", {"template": {"spec": POD_SPEC}}),
        ("Job", {"template": {"spec": POD_SPEC}}),
        ("CronJob", {"jobTemplate": {"spec": {"template": {"spec": POD_SPEC}}}}),
    ],
)
def test_images_of_every_workload_are_found_once_and_sorted(kind, spec):
    assert images(parse_manifest(manifest(kind, spec))) == (
        "registry/a:1",
        "registry/b:1",
        "registry/init:1",
    )


@pytest.mark.parametrize(
    "spec",
    [
        None,
        [],
        {"template": None},
        {"template": {"spec": {"containers": None}}},
        {"template": {"spec": {"containers": [None, {"image": 5}, {}]}}},
    ],
)
def test_a_workload_of_another_shape_has_none(spec):
    assert images(parse_manifest(manifest("Deployment", spec))) == ()


def test_images_of_all_objects_are_put_together():
    text = "---\n".join(
        manifest("Pod", {"containers": [{"image": image}]}) for image in ("z:1", "y:1", "z:1")
    ).replace("}---", "}\n---")
    assert images(parse_manifest(text)) == ("y:1", "z:1")
