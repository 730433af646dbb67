"""The API server refuses the objects that the review finds, and accepts all others.

Objects are sent as Pulumi's Kubernetes provider sends them, by server-side apply, as a dry run.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kubernetes.client import ApiException
from kubernetes.config import new_client_from_config
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import ResourceNotFoundError

from kubiya_pulumi.review import KubernetesObject, parse_manifest
from kubiya_pulumi.review.kubernetes.coerce import as_mappings, get_path
from tests.review.validity_cases import ACCEPTED, ORDINARY_OBJECTS, REFUSED

pytestmark = pytest.mark.cluster

REFUSALS = (400, 404, 405, 422, 500)
"""Server-side apply reports a field of the wrong type as an internal error."""


@pytest.fixture(scope="module")
def client(control_plane: Path) -> DynamicClient:
    return DynamicClient(new_client_from_config(str(control_plane)))


def refusal(client: DynamicClient, item: KubernetesObject) -> str:
    """Return the reason why the API server refuses an object, or an empty string."""
    try:
        resource = client.resources.get(api_version=item.api_version, kind=item.kind)
        client.server_side_apply(
            resource,
            body=dict(item.body),
            name=item.name,
            namespace=(item.namespace or "default") if resource.namespaced else None,
            field_manager="validity",
            dry_run="All",
        )
    except ResourceNotFoundError as error:
        return str(error)
    except ApiException as error:
        if error.status in REFUSALS:
            return str(error.body)
        raise
    return ""


@contextmanager
def created(client: DynamicClient, definitions: Iterable[KubernetesObject]) -> Iterator[None]:
    """Create CustomResourceDefinitions for the duration of a `with` block."""
    api = client.resources.get(
        api_version="apiextensions.k8s.io/v1", kind="CustomResourceDefinition"
    )
    names = [api.create(body=dict(item.body)).metadata.name for item in definitions]
    try:
        for name in names:
            deadline = time.monotonic() + 60
            while not is_established(api.get(name=name).to_dict()):
                assert time.monotonic() < deadline, f"{name} is not established"
                time.sleep(0.2)
        client.resources.invalidate_cache()
        yield
    finally:
        for name in names:
            api.delete(name=name)


def is_established(definition: object) -> bool:
    return any(
        (condition.get("type"), condition.get("status")) == ("Established", "True")
        for condition in as_mappings(get_path(definition, "status", "conditions"))
    )


def test_the_api_server_refuses_what_the_review_finds(client: DynamicClient) -> None:
    manifests = {name: case.manifest for name, case in REFUSED.items()} | ACCEPTED
    # All cases define the same kind, so each gets an API group of its own.
    objects = {
        name: parse_manifest(text.replace("example.com", f"case{number}.example.com"))
        for number, (name, text) in enumerate(manifests.items())
    }
    definitions = [item for items in objects.values() for item in items[:-1]]
    with created(client, definitions):
        refusals = {name: refusal(client, items[-1]) for name, items in objects.items()}
    wrong = {name: text for name, text in refusals.items() if bool(text) != (name in REFUSED)}
    assert wrong == {}


def test_the_api_server_accepts_the_ordinary_objects(client: DynamicClient) -> None:
    *objects, definition, custom_object = parse_manifest(ORDINARY_OBJECTS.read_text("utf-8"))
    refusals = {f"{item.kind}/{item.name}": refusal(client, item) for item in objects}
    with created(client, [definition]):
        refusals[custom_object.kind] = refusal(client, custom_object)
    assert {name: text for name, text in refusals.items() if text} == {}
