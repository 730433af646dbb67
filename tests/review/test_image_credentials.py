"""Credentials in the text of an image are never shown."""

from __future__ import annotations

import json

import pytest

from kubiya_pulumi.review import ManifestPolicy, images, review
from tests.review.custom_pods import custom
from tests.review.manifest_objects import container, deployment, parsed, pod_spec

SHA256 = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("image", "shown"),
    [
        ("http://user:hunter2@example.net", "http://***@example.net"),
        ("https://user:hunter2@example.net/app:v1", "https://***@example.net/app:v1"),
        ("https://user:hunter2@x@example.net/app", "https://***@example.net/app"),
        ("https://user:a/hunter2@example.net/app", "https://***@example.net/app"),
        ("https://hunter2@example.net/app", "https://***@example.net/app"),
        ("hunter2@example.net/app:v1", "***@example.net/app:v1"),
        ("oci:user:hunter2@example.net/app", "***@example.net/app"),
        ("user:hunter2@example.net/app:v1", "***@example.net/app:v1"),
        (f"user:hunter2@example.net/app@{SHA256}", f"***@example.net/app@{SHA256}"),
        ("https://example.net/app?token=hunter2", "https://example.net/app?***"),
        ("https://example.net/app?a=b@hunter2", "https://***"),
        ("https://user:hunter2?@example.net/app", "https://***"),
        ("http://user:hunter2@localhost:5000", "http://***@localhost:5000"),
        ("https://example.net/app#hunter2", "https://example.net/app#***"),
        (f"app:v1@{SHA256}", f"app:v1@{SHA256}"),
        ("registry:5000/app:v1", "registry:5000/app:v1"),
        ("app@${DIGEST}", "app@${DIGEST}"),
    ],
)
def test_an_image_is_shown_without_credentials(image: str, shown: str) -> None:
    spec = pod_spec(container(image=image), volumes=[{"name": "a", "image": {"reference": image}}])
    objects = parsed(
        deployment(spec),
        custom("example.com/v1", "App", adminImage=image, image={"repository": image}),
    )
    assert images(objects) == (shown,)
    result = review(objects, ManifestPolicy(allowed_images=[]))
    assert result.images == (shown,)
    text = json.dumps(result.to_dict())
    assert shown in text
    assert "hunter2" not in text
