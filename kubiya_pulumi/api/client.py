"""The Runners API: one method for each operation, named as the operation's id in snake case."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote

from kubiya_pulumi.api.clock import Clock
from kubiya_pulumi.api.connection import Connection
from kubiya_pulumi.api.errors import (
    ApiError,
    InvalidNameError,
    InvalidResponseError,
    NotFoundError,
)
from kubiya_pulumi.api.models import (
    RUNNER_FIELDS,
    CreatedRunner,
    Runner,
    RunnerHealth,
    RunnerManifest,
    runners_from,
)
from kubiya_pulumi.api.responses import Response
from kubiya_pulumi.api.runners_api import RunnersApi
from kubiya_pulumi.api.transport import Transport
from kubiya_pulumi.api.validation import name_problem

Data = TypeVar("Data")
Named = TypeVar("Named", Runner, CreatedRunner, RunnerManifest)

DESCRIBE_PATHS = (
    "/v1/runners/{}/describe",
    "/api/v1/runners/{}/describe",
    "/api/v3/runners/{}/describe",
    "/api/v3/runners/{}",
)
MANIFEST_PATHS = ("/v1/runners/{}/manifest", "/api/v1/runners/{}/manifest")
NO_SUCH_ROUTE = frozenset({404, 405})


class RunnersClient(RunnersApi):
    """A client of the Runners API, for use by up to 32 threads at once, as a context manager.

    The documented form of a request is sent, and every form of an answer that is known is
    read. Where an operation has several paths the documented one comes first, until another
    one has answered.

    A call is made again, at most `Connection.max_retries` times:

    | what happened                    | GET, PUT, DELETE | POST         |
    | -------------------------------- | ---------------- | ------------ |
    | no connection could be made      | again            | again        |
    | 429                              | again            | again        |
    | the connection broke later       | again            | after a look |
    | what came is not HTTP            | again            | after a look |
    | no answer in time                | again            | after a look |
    | the answer was cut off           | again            | after a look |
    | 500, 502, 503, 504               | again            | after a look |
    | every other status               | never            | never        |
    | the connection is not secure     | never            | never        |
    | the proxy refused                | never            | never        |
    | the answer is too long           | never            | never        |
    | the answer cannot be read        | never            | never        |

    "After a look" means: if `confirm_not_created` of `create_runner` is given, and says so.

    The pause before each repetition is random, between 0 and 1, 2, 4, … at most 60 seconds, and
    never shorter than `Retry-After` asks for. An operation with all its calls and pauses has 300
    seconds, or the connection's timeout if that is longer: no call begins after that, no answer
    goes on after it, and if a pause would not fit into what is left, the operation ends at once.

    Every method raises:

    - `ApiError`, by its subclasses, if the service answers without success;
    - `TransportError`, by its subclasses, if the service cannot be reached or is too slow;
    - `InvalidResponseError` if the answer cannot be read;
    - `InvalidNameError`, before any request, if no request can carry the runner's name.

    Args:
        connection: how to reach the service.
        clock: the time, and how to wait.
    """

    def __init__(self, connection: Connection, *, clock: Clock | None = None) -> None:
        self._transport = Transport(connection, clock=clock or Clock())
        self._describe_paths: tuple[str, ...] = DESCRIBE_PATHS
        self._manifest_paths: tuple[str, ...] = MANIFEST_PATHS

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

    def list_runners(self, *, runner: str | None = None) -> tuple[Runner, ...]:
        """List all runners of the organization.

        A list of which any part cannot be read raises `InvalidResponseError`: it must not
        pass for one that lacks a runner.

        Args:
            runner: the runner that is looked for, if it is one, for errors.
        """
        answer = self._transport.call("list_runners", "GET", "/api/v3/runners", runner=runner)
        return _read(answer, runners_from, answer.json())

    def describe_runner(self, name: str) -> Runner:
        """Describe one runner, without its health."""
        answer, self._describe_paths = self._first("describe_runner", self._describe_paths, name)
        return _read_one(answer, Runner, answer.json())

    def get_runner_health(
        self, name: str, *, total_timeout_seconds: float | None = None
    ) -> RunnerHealth:
        """Get the health of one runner and of its components.

        Args:
            name: the runner's name.
            total_timeout_seconds: how long the call may take in all; it is then made only once. None
                leaves both to the connection's settings.
        """
        operation = "get_runner_health"
        path = _path(operation, "/api/v3/runners/{}/health", name)
        answer = self._transport.call(
            operation, "GET", path, runner=name, total_timeout_seconds=total_timeout_seconds
        )
        return _read(answer, RunnerHealth.from_dict, answer.json())

    def create_runner(
        self,
        name: str,
        *,
        description: str | None = None,
        managed_by: str | None = None,
        task_id: str | None = None,
        confirm_not_created: Callable[[], bool] | None = None,
    ) -> CreatedRunner:
        """Create a runner and its manifest. Only what is given is sent.

        Success does not prove that the runner is new: for a name that exists, the service may
        answer with the manifest of that runner. Look first.

        Args:
            name: the runner's name.
            description: what the runner is for.
            managed_by: what made it.
            task_id: which task of that made it.
            confirm_not_created: looks whether a create that ended in doubt has certainly done nothing,
                so that it may be made again. If it says no or raises, what ended the create is
                raised. None never makes a create again that is in doubt.
        """
        given = {"description": description, "managed_by": managed_by, "task_id": task_id}
        answer = self._transport.call(
            "create_runner",
            "POST",
            _path("create_runner", "/api/v3/runners/{}", name),
            runner=name,
            body={field: value for field, value in given.items() if value is not None},
            confirm_not_created=confirm_not_created,
        )
        return _read_one(answer, CreatedRunner, {} if answer.is_empty else answer.json())

    def delete_runner(self, name: str) -> None:
        """Delete a runner.

        Whatever the service says with its success is success, but for a web page and for a list:
        another server gave that, or another operation.
        """
        path = _path("delete_runner", "/api/v3/runners/{}", name)
        answer = self._transport.call("delete_runner", "DELETE", path, runner=name)
        answer.refuse_page()
        answer.refuse_list()

    def update_runner_description(self, name: str, description: str) -> Runner | None:
        """Replace a runner's description.

        Returns:
            The runner, or None where the service answers without it.
        """
        operation = "update_runner_description"
        answer = self._transport.call(
            operation,
            "PUT",
            _path(operation, "/api/v3/runners/description/{}", name),
            runner=name,
            body={"description": description},
        )
        answer.refuse_list()
        data = None if answer.is_empty else answer.json()
        if not isinstance(data, dict) or RUNNER_FIELDS.isdisjoint(data):
            return None
        return _read_one(answer, Runner, data)

    def get_runner_manifest(self, name: str) -> RunnerManifest:
        """Get the manifest of an existing runner: its text, its URL, or both."""
        answer, self._manifest_paths = self._first(
            "get_runner_manifest", self._manifest_paths, name
        )
        text = answer.text()
        try:
            data = answer.json()
        except InvalidResponseError:
            if text.lstrip().startswith("{"):
                raise
            # No description says so, but the bare text is what was asked for.
            return RunnerManifest(name=name, manifest_content=text)
        return _read_one(answer, RunnerManifest, data)

    def download_manifest(self, url: str, *, runner: str) -> str:
        """Download the text of a manifest, without the API key.

        Args:
            url: the manifest's URL, which is a secret: no error and no log shows it. It must be
                https://, or http:// to this very machine; a relative one is taken from the
                base URL.
            runner: the runner's name, for errors.
        """
        return self._transport.download(url, runner=runner).text()

    def _first(
        self, operation: str, paths: tuple[str, ...], name: str
    ) -> tuple[Response, tuple[str, ...]]:
        """Call the first path that is served, and give its answer and the better order of paths."""
        refusals: list[ApiError] = []
        deadline = self._transport.deadline()
        for path in paths:
            url = _path(operation, path, name)
            try:
                answer = self._transport.call(operation, "GET", url, runner=name, deadline=deadline)
            except ApiError as error:
                if error.status not in NO_SUCH_ROUTE:
                    raise
                refusals.append(error)
            else:
                return answer, (path, *(other for other in paths if other != path))
        # One 404 among the 405s is the answer of a route that is served.
        raise next((each for each in refusals if isinstance(each, NotFoundError)), refusals[0])


@cache
def shared_client(connection: Connection) -> RunnersClient:
    """Give the one client of this process for these settings, with its one pool of connections."""
    return RunnersClient(connection)


def _path(operation: str, template: str, name: str) -> str:
    problem = name_problem(name)
    if problem:
        raise InvalidNameError(operation, problem)
    return template.replace("{}", quote(name, safe=""))


def _read(answer: Response, reader: Callable[[object], Data], data: object) -> Data:
    """Read an answer's data; where that cannot be done, the error names the call."""
    try:
        return reader(data)
    except InvalidResponseError as error:
        raise answer.malformed(error.problem) from None


def _read_one(answer: Response, model: type[Named], data: Any) -> Named:
    """Read an answer about one runner, which is the one that was asked about."""
    if isinstance(data, dict) and data.get("name") is None:
        data = {**data, "name": answer.runner}
    read = _read(answer, model.from_dict, data)
    if read.name != answer.runner:
        raise answer.malformed("is about another runner")
    return read
