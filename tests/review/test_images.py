"""The container images of a manifest, and whether they are pinned."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubiya_pulumi.review import ManifestPolicy, images, parse_manifest, review
from tests.review.manifest_objects import IMAGE, container, deployment, parsed, pod_spec

SHA256 = "sha256:" + "0" * 64
SHA512 = "sha512:" + "0" * 128

POD_SPEC = {
    "initContainers": [{"name": "i", "image": "registry/init:1"}],
    "containers": [
        {"name": "b", "image": "registry/b:1"},
        {"name": "a", "image": "registry/a:1"},
        {"name": "duplicate", "image": "registry/b:1"},
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
def test_images_of_every_workload_are_listed_once_and_sorted(kind: str, spec: Any) -> None:
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
def test_a_malformed_workload_has_no_images(spec: Any) -> None:
    assert images(parse_manifest(manifest("Deployment", spec))) == ()


def test_images_of_all_objects_are_combined() -> None:
    text = "---\n".join(
        manifest("Pod", {"containers": [{"image": image}]}) for image in ("z:1", "y:1", "z:1")
    ).replace("}---", "}\n---")
    assert images(parse_manifest(text)) == ("y:1", "z:1")


@pytest.mark.parametrize(
    ("image", "broken"),
    [
        ("app", "image-latest-tag"),
        ("app:latest", "image-latest-tag"),
        ("registry:5000/app", "image-latest-tag"),
        ("registry:5000/app:latest", "image-latest-tag"),
        ("app:v1", "image-without-digest"),
        ("registry:5000/app:v1", "image-without-digest"),
        (f"app@{SHA256}", None),
        (f"app:v1@{SHA256}", None),
        (f"app:latest@{SHA256}", None),
        (f"registry:5000/app@{SHA256}", None),
        # Registries may use other algorithms than SHA-256.
        (f"app@{SHA512}", None),
        (f"app:v1@{SHA512}", None),
        (f"registry:5000/app@{SHA512}", None),
        (f"registry:5000/app:v1@{SHA512}", None),
        # An @ without a digest pins nothing.
        ("app@", "image-latest-tag"),
        ("app:v1@sha512:", "image-without-digest"),
        ("app:v1@v2", "image-without-digest"),
    ],
)
def test_an_image_is_pinned_by_a_digest_of_any_algorithm(image: str, broken: str | None) -> None:
    findings = review(parsed(deployment(pod_spec(container(image=image))))).findings
    rules = {finding.rule for finding in findings if finding.rule.startswith("image-")}
    assert rules == ({broken} if broken else set())


def test_unpinned_images_are_reported_with_their_containers() -> None:
    spec = pod_spec(
        container("a", image="one"),
        container("b", image="two:v1"),
        container("c", image="three:latest"),
    )
    messages = {
        finding.rule: finding.message for finding in review(parsed(deployment(spec))).findings
    }
    assert messages["image-latest-tag"] == (
        'Containers "a", "c" use image "one", "three:latest" with the tag latest or without a tag; '
        "set a version tag or a digest."
    )
    assert messages["image-without-digest"] == (
        'Container "b" uses image "two:v1" without a digest; append its digest.'
    )


def image_volume(name: str, image: str) -> dict[str, Any]:
    return {"name": name, "image": {"reference": image, "pullPolicy": "Always"}}


def test_image_volumes_are_images() -> None:
    spec = pod_spec(
        volumes=[
            image_volume("plugins", "untrusted.example.net/plugins:latest"),
            image_volume("models", "models:v1"),
            image_volume("pinned", f"pinned@{SHA256}"),
            # An invalid pod, whose second image must not hide behind the first one.
            image_volume("models", "other.example.net/models:v1"),
            {"name": "empty", "image": {}},
            {"name": "scratch", "emptyDir": {}},
        ]
    )
    policy = ManifestPolicy(allowed_images=["ghcr.io/*", "docker.io/library/*"])
    result = review(parsed(deployment(spec)), policy)
    assert set(result.images) == {
        IMAGE,
        "untrusted.example.net/plugins:latest",
        "models:v1",
        f"pinned@{SHA256}",
        "other.example.net/models:v1",
    }
    messages = {finding.rule: finding.message for finding in result.findings}
    assert messages["image-latest-tag"] == (
        'Volume "plugins" uses image "untrusted.example.net/plugins:latest" with the tag latest '
        "or without a tag; set a version tag or a digest."
    )
    assert messages["image-without-digest"] == (
        'Volumes "models", "models" use image "models:v1", "other.example.net/models:v1" without '
        "a digest; append its digest."
    )
    [denied] = result.denied
    assert denied.rule == "image-not-allowed"
    assert denied.message.startswith(
        'Volumes "plugins", "models" use image "untrusted.example.net/plugins:latest", '
        '"other.example.net/models:v1", which matches no pattern'
    )


def test_containers_and_volumes_are_reported_together() -> None:
    spec = pod_spec(container(image="app"), volumes=[image_volume("data", "data")])
    [finding] = [
        finding
        for finding in review(parsed(deployment(spec))).findings
        if finding.rule == "image-latest-tag"
    ]
    assert finding.message.startswith('Container "app" and volume "data" use image "app", "data"')
