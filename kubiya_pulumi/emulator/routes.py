"""The operations of the API, and the routes that lead to them.

A path is matched percent-encoded and decoded afterwards, so a name is one segment regardless of its
characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from kubiya_pulumi.emulator import responses
from kubiya_pulumi.emulator.backend import Backend
from kubiya_pulumi.emulator.errors import RequestError
from kubiya_pulumi.emulator.manifest import is_dns_label
from kubiya_pulumi.emulator.options import EmulatorOptions
from kubiya_pulumi.emulator.request_parsing import (
    create_fields,
    decode_segment,
    json_object,
    string_field,
)
from kubiya_pulumi.emulator.responses import Response

MANIFESTS_PATH = "/manifests/"


@dataclass(frozen=True)
class OperationRequest:
    """The parts of a request that an operation uses."""

    name: str
    """The name in the path, decoded: a runner's or a manifest file's. Empty if there is none."""
    body: bytes
    """The body."""
    base_url: str
    """The URL at which the client reached the emulator, without a trailing slash."""

    def manifest_url(self, file_name: str) -> str:
        """Return the URL of a manifest for this client."""
        return f"{self.base_url}{MANIFESTS_PATH}{file_name}"


def list_runners(backend: Backend, request: OperationRequest) -> Response:
    """List all runners with the health of their components."""
    del request
    runners = backend.with_health(backend.store.all())
    options = backend.options.resolved()
    return responses.list_response(runners, options, keyed=options.list_as == "keyed")


def list_keyed_runners(backend: Backend, request: OperationRequest) -> Response:
    """List all runners as version 1 of the API does: as an object keyed by name."""
    del request
    runners = backend.with_health(backend.store.all())
    return responses.list_response(runners, backend.options.resolved(), keyed=True)


def describe_runner(backend: Backend, request: OperationRequest) -> Response:
    """Return one runner."""
    return responses.runner_response(backend.runner(request.name), backend.options.resolved())


def get_runner_health(backend: Backend, request: OperationRequest) -> Response:
    """Return the health of one runner."""
    [(_, health)] = backend.with_health([backend.runner(request.name)])
    return responses.health_response(health, backend.options.resolved())


def create_runner(backend: Backend, request: OperationRequest) -> Response:
    """Create a runner and its manifest. `create_existing` selects what happens if it exists."""
    options = backend.options.resolved()
    values = create_fields(request.body)
    if "/" in request.name:
        raise RequestError(HTTPStatus.BAD_REQUEST, 'A runner\'s name must not contain "/"')
    if options.names == "dns" and not is_dns_label(request.name):
        raise RequestError(HTTPStatus.BAD_REQUEST, "A runner's name must be an RFC 1123 label")
    runner, is_new = backend.create(request.name, **values)
    if not is_new and options.create_existing == "conflict":
        raise RequestError(HTTPStatus.CONFLICT, "A runner with this name exists")
    if not is_new and options.create_existing == "bad_request":
        raise RequestError(HTTPStatus.BAD_REQUEST, "A runner with this name exists")
    return responses.created_response(runner, request.manifest_url(runner.manifest_file), options)


def delete_runner(backend: Backend, request: OperationRequest) -> Response:
    """Delete a runner, if `delete` supports it."""
    if backend.options.delete == "not_found" or not backend.store.delete(request.name):
        raise RequestError(HTTPStatus.NOT_FOUND, "Runner not found")
    return Response()


def update_runner_description(backend: Backend, request: OperationRequest) -> Response:
    """Replace a runner's description."""
    description = string_field(json_object(request.body), "description")
    if description is None:
        raise RequestError(HTTPStatus.BAD_REQUEST, 'The field "description" is missing')
    runner = backend.set_description(request.name, description)
    return responses.runner_response(runner, backend.options.resolved())


def get_runner_manifest(backend: Backend, request: OperationRequest) -> Response:
    """Return the manifest of an existing runner."""
    runner = backend.runner(request.name)
    url = request.manifest_url(runner.manifest_file)
    text = backend.manifest_response_text(runner)
    return responses.manifest_response(runner, url, text, backend.options.resolved())


def download_manifest(backend: Backend, request: OperationRequest) -> Response:
    """Return the text of a manifest. The file name in the URL is the secret; no key is needed."""
    runner = backend.store.by_manifest_file(request.name)
    if runner is None:
        raise RequestError(HTTPStatus.NOT_FOUND, "Manifest not found")
    return responses.download_response(backend.manifest_response_text(runner))


@dataclass(frozen=True)
class Route:
    """A method and path that lead to an operation."""

    method: str
    """The HTTP method."""
    path: str
    """The path, with `{name}` for a segment."""
    operation: str
    """The operationId in the API's description."""
    run: Callable[[Backend, OperationRequest], Response]
    """The operation."""
    variant: str | None = None
    """The value of the option that selects this path, if the operation has several."""

    @property
    def needs_key(self) -> bool:
        """Whether the operation needs an API key."""
        return not self.path.startswith(MANIFESTS_PATH)

    def match(self, path: str) -> re.Match[str] | None:
        """Match a percent-encoded path."""
        pattern = re.escape(self.path).replace(re.escape("{name}"), "(?P<name>[^/]+)")
        return re.fullmatch(pattern, path)

    def is_served(self, options: EmulatorOptions) -> bool:
        """Return whether the options enable this route."""
        if self.operation == "listRunners":
            return options.list_path in {"all", self.variant}
        if self.operation == "describeRunner":
            return options.describe_path in {"all", self.variant}
        if self.operation == "getRunnerManifest":
            return options.manifest_path in {"all", self.variant}
        return self.operation != "deleteRunner" or options.delete != "method_not_allowed"


@dataclass(frozen=True)
class RouteMatch:
    """The route of a request, and the name in its path."""

    route: Route
    name: str
    """The name, decoded. Empty if the path contains none."""


DESCRIBE = ("describeRunner", describe_runner)
MANIFEST = ("getRunnerManifest", get_runner_manifest)
DESCRIPTION = ("updateRunnerDescription", update_runner_description)
ROUTES = (
    Route("GET", "/api/v3/runners", "listRunners", list_runners, "api-v3"),
    Route("GET", "/api/v1/runners", "listRunners", list_keyed_runners, "api-v1"),
    Route("GET", "/v1/runners/{name}/describe", *DESCRIBE, "v1"),
    Route("GET", "/api/v1/runners/{name}/describe", *DESCRIBE, "api-v1"),
    Route("GET", "/api/v3/runners/{name}/describe", *DESCRIBE, "api-v3"),
    Route("GET", "/api/v3/runners/{name}", *DESCRIBE, "bare"),
    Route("GET", "/api/v3/runners/{name}/health", "getRunnerHealth", get_runner_health),
    Route("POST", "/api/v3/runners/{name}", "createRunner", create_runner),
    Route("DELETE", "/api/v3/runners/{name}", "deleteRunner", delete_runner),
    Route("PUT", "/api/v3/runners/description/{name}", *DESCRIPTION),
    Route("GET", "/v1/runners/{name}/manifest", *MANIFEST, "v1"),
    Route("GET", "/api/v1/runners/{name}/manifest", *MANIFEST, "api-v1"),
    Route("GET", "/manifests/{name}", "downloadManifest", download_manifest),
)


def match_route(method: str, path: str, options: EmulatorOptions) -> RouteMatch:
    """Return the route of a request.

    Args:
        method: the HTTP method; HEAD uses the route of GET.
        path: the percent-encoded path, without the query.
        options: the resolved options.

    Raises:
        RequestError: 404, the path is unknown; 405, the path does not support the method; 400,
            the name is not UTF-8.
    """
    matches = [(route, match) for route in ROUTES if (match := route.match(path))]
    matches = [(route, match) for route, match in matches if route.is_served(options)]
    wanted = "GET" if method == "HEAD" else method
    for route, match in matches:
        if route.method == wanted:
            return RouteMatch(route, decode_segment(match.groupdict().get("name", "")))
    if not matches:
        raise RequestError(HTTPStatus.NOT_FOUND, "Path not found")
    allowed = {route.method for route, _ in matches}
    allowed |= {"HEAD"} if "GET" in allowed else set()
    headers = {"Allow": ", ".join(sorted(allowed))}
    raise RequestError(
        HTTPStatus.METHOD_NOT_ALLOWED, "The path does not support the method", headers
    )


def mask_path(path: str) -> str:
    """Replace the file name of a manifest, which is a secret, by `***`."""
    return f"{MANIFESTS_PATH}***" if path.startswith(MANIFESTS_PATH) else path
