"""What each operation of the API does: from a request's parts to an answer."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from kubiya_pulumi.emulator import responses
from kubiya_pulumi.emulator.backend import Service
from kubiya_pulumi.emulator.errors import RefusedRequest
from kubiya_pulumi.emulator.names import is_dns_label
from kubiya_pulumi.emulator.requests import json_object, text_in
from kubiya_pulumi.emulator.responses import Answer

__all__ = [
    "Asked",
    "create_runner",
    "delete_runner",
    "describe_runner",
    "download_manifest",
    "get_runner_health",
    "get_runner_manifest",
    "list_runners",
    "runner_fields",
    "update_runner_description",
]


@dataclass(frozen=True)
class Asked:
    """What a request asks for.

    Attributes:
        name: the name in the path, decoded: a runner's, or a manifest file's.
        body: the body as it came.
        base_url: how the client reaches the emulator, without a slash at the end.
    """

    name: str
    body: bytes
    base_url: str


def list_runners(service: Service, asked: Asked) -> Answer:
    """Every runner, with the health of its components."""
    del asked
    runners = service.with_health(service.store.all())
    return responses.runner_list(runners, service.switches.resolved())


def describe_runner(service: Service, asked: Asked) -> Answer:
    """One runner."""
    found = service.runner(asked.name)
    return responses.json_answer(responses.runner(found, service.switches.resolved()))


def get_runner_health(service: Service, asked: Asked) -> Answer:
    """The health of one runner."""
    [(_, state)] = service.with_health([service.runner(asked.name)])
    return responses.health(state, service.switches.resolved())


def create_runner(service: Service, asked: Asked) -> Answer:
    """Makes a runner and its manifest, or does what is switched for a name that exists."""
    switches = service.switches.resolved()
    values = runner_fields(asked.body)
    if "/" in asked.name:
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, 'A runner\'s name must not hold "/"')
    if switches.names == "dns" and not is_dns_label(asked.name):
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, "A runner's name must be an RFC 1123 label")
    runner, is_new = service.create(asked.name, **values)
    if not is_new and switches.create_existing == "conflict":
        raise RefusedRequest(HTTPStatus.CONFLICT, "A runner of this name exists")
    if not is_new and switches.create_existing == "bad_request":
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, "A runner of this name exists")
    return responses.created(runner, _manifest_url(asked, runner.manifest_file), switches)


def delete_runner(service: Service, asked: Asked) -> Answer:
    """Deletes a runner, where that is supported."""
    if service.switches.delete == "not_found" or not service.store.delete(asked.name):
        raise RefusedRequest(HTTPStatus.NOT_FOUND, "Runner not found")
    return Answer()


def update_runner_description(service: Service, asked: Asked) -> Answer:
    """Replaces a runner's description."""
    description = text_in(json_object(asked.body), "description")
    if description is None:
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, "The body needs a description")
    changed = service.set_description(asked.name, description)
    return responses.json_answer(responses.runner(changed, service.switches.resolved()))


def get_runner_manifest(service: Service, asked: Asked) -> Answer:
    """The manifest of a runner that exists."""
    found = service.runner(asked.name)
    url = _manifest_url(asked, found.manifest_file)
    return responses.manifest(found, url, service.given_out(found), service.switches.resolved())


def download_manifest(service: Service, asked: Asked) -> Answer:
    """The manifest's text, for whoever knows its URL."""
    found = service.store.by_manifest_file(asked.name)
    if found is None:
        raise RefusedRequest(HTTPStatus.NOT_FOUND, "Manifest not found")
    return responses.manifest_file(service.given_out(found))


def _manifest_url(asked: Asked, file_name: str) -> str:
    return f"{asked.base_url}/manifests/{file_name}"


def runner_fields(body: bytes) -> dict[str, str | None]:
    """What the body of a create says about the new runner; an empty body says nothing.

    Raises:
        RefusedRequest: 400, the body cannot be read.
    """
    content = json_object(body) if body.strip() else {}
    values = {key: text_in(content, key) for key in ("description", "managed_by", "task_id")}
    return {**values, "namespace": _namespace(content)}


def _namespace(content: dict[str, Any]) -> str | None:
    metadata = content.get("metadata", {})
    if not isinstance(metadata, dict):
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, "The field metadata is not an object")
    namespace = text_in(metadata, "namespace")
    if namespace is not None and not is_dns_label(namespace):
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, "The namespace is not an RFC 1123 label")
    return namespace
