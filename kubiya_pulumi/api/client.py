"""The client of the Runners API. Each method is named after an operation id, in snake case."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http import HTTPStatus
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote

from kubiya_pulumi.api.clock import Clock
from kubiya_pulumi.api.connection import Connection
from kubiya_pulumi.api.downloads import download
from kubiya_pulumi.api.errors import (
    ApiError,
    InvalidNameError,
    InvalidResponseError,
    NotFoundError,
)
from kubiya_pulumi.api.health_models import RunnerHealth
from kubiya_pulumi.api.models import (
    RUNNER_FIELDS,
    CreatedRunner,
    Runner,
    RunnerManifest,
    runners_from,
)
from kubiya_pulumi.api.place import Place, place_of
from kubiya_pulumi.api.responses import Response
from kubiya_pulumi.api.runner_names import name_problem
from kubiya_pulumi.api.runners_api import RunnersApi
from kubiya_pulumi.api.shared_call import SharedCall
from kubiya_pulumi.api.transport import Transport

Data = TypeVar("Data")
Named = TypeVar("Named", Runner, CreatedRunner, RunnerManifest)

DESCRIBE_PATHS = (
    "/v1/runners/{}/describe",
    "/api/v1/runners/{}/describe",
    "/api/v3/runners/{}/describe",
    "/api/v3/runners/{}",
)
MANIFEST_PATHS = ("/v1/runners/{}/manifest", "/api/v1/runners/{}/manifest")
MISSING_ROUTE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED})


class RunnersClient(RunnersApi):
    """A client of the Runners API. Thread-safe, and a context manager.

    It sends requests in the documented form and accepts responses in every known form. If an
    operation has several paths, the client tries the documented path first and then remembers
    the path that worked.

    A request is retried up to `Connection.max_retries` times:

    | outcome                              | GET, PUT, DELETE | POST         |
    | ------------------------------------ | ---------------- | ------------ |
    | the connection failed                | retried          | retried      |
    | status 429                           | retried          | retried      |
    | the connection closed early          | retried          | if confirmed |
    | the response is not HTTP             | retried          | if confirmed |
    | the response timed out               | retried          | if confirmed |
    | the response is truncated            | retried          | if confirmed |
    | status 500, 502, 503, 504            | retried          | if confirmed |
    | any other status                     | never            | never        |
    | the connection is not secure         | never            | never        |
    | the proxy refused the connection     | never            | never        |
    | the response is too large            | never            | never        |
    | the response cannot be parsed        | never            | never        |

    "If confirmed" means: `create_runner` got a `confirm_not_created`, which returned True.

    The delay before a retry is random, between 0 and 1, 2, 4, … up to 60 seconds, and at least
    the `Retry-After` of the response. An operation, with all its requests and delays, has a
    deadline of 300 seconds, or of the connection's timeout if that is longer. No request is sent
    and no response is read after the deadline. A delay that does not fit before the deadline ends
    the operation immediately.

    The client keeps up to 32 connections. A further concurrent request waits for one of them
    until its deadline, and then raises `PoolTimeoutError`.

    Args:
        connection: how to reach the service.
        clock: the clock of the deadlines and the delays. Default: None, the system's clock.
    """

    def __init__(self, connection: Connection, *, clock: Clock | None = None) -> None:
        self._transport = Transport(connection, clock=clock or Clock())
        self.place: Place = place_of(connection)
        self._describe_paths: tuple[str, ...] = DESCRIBE_PATHS
        self._manifest_paths: tuple[str, ...] = MANIFEST_PATHS
        self._shared_list = SharedCall(self._list_runners)

    def __enter__(self) -> RunnersClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def list_runners(
        self, *, runner_for_errors: str | None = None, reuse: bool = False
    ) -> tuple[Runner, ...]:
        """List all runners of the organization; see `RunnersApi`.

        Concurrent calls share a request, which is sent after the last of them. If any entry is
        malformed, the whole list is rejected, so that a malformed entry is never mistaken for a
        deleted runner.
        """
        return self._shared_list(runner_for_errors, reuse=reuse)

    def _list_runners(self) -> tuple[Runner, ...]:
        response = self._transport.call("list_runners", "GET", "/api/v3/runners")
        return _parse(response, runners_from, response.json())

    def describe_runner(self, name: str) -> Runner:
        """Return a runner, without its health; see `RunnersApi`."""
        response, self._describe_paths = self._get_first(
            "describe_runner", self._describe_paths, name
        )
        return _parse_one(response, Runner, response.json())

    def get_runner_health(
        self, name: str, *, total_timeout_seconds: float | None = None
    ) -> RunnerHealth:
        """Return the health of a runner and of its components; see `RunnersApi`."""
        operation = "get_runner_health"
        path = _path(operation, "/api/v3/runners/{}/health", name)
        response = self._transport.call(
            operation,
            "GET",
            path,
            runner=name,
            limits=self._transport.limits(total_timeout_seconds),
        )
        return _parse(response, RunnerHealth.from_dict, response.json())

    def create_runner(
        self,
        name: str,
        *,
        description: str | None = None,
        managed_by: str | None = None,
        task_id: str | None = None,
        confirm_not_created: Callable[[], bool] | None = None,
    ) -> CreatedRunner:
        """Create a runner and its manifest; see `RunnersApi`."""
        values = {"description": description, "managed_by": managed_by, "task_id": task_id}
        path = _path("create_runner", "/api/v3/runners/{}", name)
        with self._shared_list.invalidated():
            response = self._transport.call(
                "create_runner",
                "POST",
                path,
                runner=name,
                body={field: value for field, value in values.items() if value is not None},
                confirm_not_created=confirm_not_created,
            )
        return _parse_one(response, CreatedRunner, {} if response.is_empty else response.json())

    def delete_runner(self, name: str) -> None:
        """Delete a runner; see `RunnersApi`.

        Any 2xx response is success unless its body is HTML or a JSON array, which means that
        another server or endpoint replied.
        """
        path = _path("delete_runner", "/api/v3/runners/{}", name)
        with self._shared_list.invalidated():
            response = self._transport.call("delete_runner", "DELETE", path, runner=name)
        response.reject_html()
        response.reject_array()

    def update_runner_description(self, name: str, description: str) -> Runner | None:
        """Replace a runner's description; see `RunnersApi`."""
        operation = "update_runner_description"
        path = _path(operation, "/api/v3/runners/description/{}", name)
        with self._shared_list.invalidated():
            response = self._transport.call(
                operation, "PUT", path, runner=name, body={"description": description}
            )
        response.reject_array()
        data = None if response.is_empty else response.json()
        if not isinstance(data, dict) or RUNNER_FIELDS.isdisjoint(data):
            return None
        return _parse_one(response, Runner, data)

    def get_runner_manifest(self, name: str) -> RunnerManifest:
        """Return the manifest of an existing runner; see `RunnersApi`."""
        response, self._manifest_paths = self._get_first(
            "get_runner_manifest", self._manifest_paths, name
        )
        text = response.text()
        try:
            data = response.json()
        except InvalidResponseError:
            if text.lstrip().startswith("{"):
                raise
            # Undocumented, but unambiguous: the body is the manifest itself.
            return RunnerManifest(name=name, manifest_content=text)
        return _parse_one(response, RunnerManifest, data)

    def download_manifest(self, url: str, *, runner: str) -> str:
        """Download the text of a manifest, without sending the API key; see `RunnersApi`.

        The URL must be https://, or http:// to a loopback address. A relative URL is resolved
        against the base URL. Up to 5 redirects are followed. Neither an error nor a log contains
        the URL.

        Raises:
            InvalidResponseError: the URL or one that it redirects to is invalid or not secure,
                or the text is empty, HTML or not UTF-8.
        """
        return download(self._transport, url, runner=runner).text()

    def _get_first(
        self, operation: str, paths: tuple[str, ...], name: str
    ) -> tuple[Response, tuple[str, ...]]:
        """Request the paths until one is served.

        Returns:
            The response, and the paths in the order in which to try them next time.
        """
        errors: list[ApiError] = []
        limits = self._transport.limits()
        for path in paths:
            url = _path(operation, path, name)
            try:
                response = self._transport.call(operation, "GET", url, runner=name, limits=limits)
            except ApiError as error:
                if error.status not in MISSING_ROUTE:
                    raise
                errors.append(error)
            else:
                return response, (path, *(other for other in paths if other != path))
        # A 404 among 405s comes from a route that exists.
        raise next((error for error in errors if isinstance(error, NotFoundError)), errors[0])


_shared_clients: dict[Connection, RunnersClient] = {}
_shared_clients_lock = threading.Lock()


def shared_client(connection: Connection) -> RunnersClient:
    """Return the process-wide client for these settings. Thread-safe.

    Args:
        connection: the settings. Equal settings share a client and its connections.
    """
    with _shared_clients_lock:
        client = _shared_clients.get(connection)
        if client is None:
            client = _shared_clients[connection] = RunnersClient(connection)
        return client


def _path(operation: str, template: str, name: str) -> str:
    problem = name_problem(name)
    if problem:
        raise InvalidNameError(operation, problem)
    return template.replace("{}", quote(name, safe=""))


def _parse(response: Response, parser: Callable[[object], Data], data: object) -> Data:
    """Parse the data of a response. An error names the operation and the runner."""
    try:
        return parser(data)
    except InvalidResponseError as error:
        raise response.invalid(error.problem) from None


def _parse_one(response: Response, model: type[Named], data: Any) -> Named:
    """Parse data about a single runner, which must be the requested one."""
    if isinstance(data, dict) and data.get("name") is None:
        data = {**data, "name": response.runner}
    parsed = _parse(response, model.from_dict, data)
    if parsed.name != response.runner:
        raise response.invalid("describes a different runner")
    return parsed
