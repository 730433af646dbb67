"""Which operation a method and a path lead to.

Paths are matched as they came, still percent-encoded, and each name is decoded afterwards: so a
name is one segment whatever characters it holds.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

from kubiya_pulumi.emulator import operations
from kubiya_pulumi.emulator.backend import Service
from kubiya_pulumi.emulator.errors import RefusedRequest
from kubiya_pulumi.emulator.operations import Asked
from kubiya_pulumi.emulator.options import EmulatorOptions
from kubiya_pulumi.emulator.responses import Answer

__all__ = ["Route", "decoded", "find", "masked", "no_such_path"]

_MANIFESTS: Final = "/manifests/"


@dataclass(frozen=True)
class Route:
    """One way to an operation.

    Attributes:
        method: the HTTP method.
        path: the path, with `{name}` for a segment.
        operation: the operationId in the API's description.
        run: what the operation does.
        variant: which variant of the operation's paths this is, where it has several.
    """

    method: str
    path: str
    operation: str
    run: Callable[[Service, Asked], Answer]
    variant: str | None = None

    @property
    def needs_key(self) -> bool:
        """Whether the operation needs an API key."""
        return not self.path.startswith(_MANIFESTS)

    def match(self, path: str) -> re.Match[str] | None:
        """How the path fits, if it does."""
        pattern = re.escape(self.path).replace(re.escape("{name}"), "(?P<name>[^/]+)")
        return re.fullmatch(pattern, path)

    def served(self, switches: EmulatorOptions) -> bool:
        """Whether this way is open."""
        if self.operation == "describeRunner":
            return switches.describe_path in {"all", self.variant}
        if self.operation == "getRunnerManifest":
            return switches.manifest_path in {"all", self.variant}
        return self.operation != "deleteRunner" or switches.delete != "method_not_allowed"


_DESCRIBE: Final = ("describeRunner", operations.describe_runner)
_MANIFEST: Final = ("getRunnerManifest", operations.get_runner_manifest)
_DESCRIPTION: Final = ("updateRunnerDescription", operations.update_runner_description)
_ROUTES: Final = (
    Route("GET", "/api/v3/runners", "listRunners", operations.list_runners),
    Route("GET", "/v1/runners/{name}/describe", *_DESCRIBE, "v1"),
    Route("GET", "/api/v1/runners/{name}/describe", *_DESCRIBE, "api-v1"),
    Route("GET", "/api/v3/runners/{name}/describe", *_DESCRIBE, "api-v3"),
    Route("GET", "/api/v3/runners/{name}", *_DESCRIBE, "bare"),
    Route("GET", "/api/v3/runners/{name}/health", "getRunnerHealth", operations.get_runner_health),
    Route("POST", "/api/v3/runners/{name}", "createRunner", operations.create_runner),
    Route("DELETE", "/api/v3/runners/{name}", "deleteRunner", operations.delete_runner),
    Route("PUT", "/api/v3/runners/description/{name}", *_DESCRIPTION),
    Route("GET", "/v1/runners/{name}/manifest", *_MANIFEST, "v1"),
    Route("GET", "/api/v1/runners/{name}/manifest", *_MANIFEST, "api-v1"),
    Route("GET", "/manifests/{name}", "downloadManifest", operations.download_manifest),
)


def find(method: str, path: str, switches: EmulatorOptions) -> tuple[Route, str]:
    """The route, and the name in the path, decoded ("" where there is none).

    Args:
        method: the HTTP method; HEAD is answered as GET.
        path: the path as it came, without the query.
        switches: which ways are open.

    Raises:
        RefusedRequest: 404 for an unknown path, 405 for a method that the path does not have,
            400 for a name that is not UTF-8.
    """
    fitting = [(each, fit) for each in _ROUTES if (fit := each.match(path))]
    fitting = [(each, fit) for each, fit in fitting if each.served(switches)]
    wanted = "GET" if method == "HEAD" else method
    for route, fit in fitting:
        if route.method == wanted:
            return route, decoded(fit.groupdict().get("name", ""))
    if not fitting:
        raise no_such_path()
    allowed = {route.method for route, _ in fitting}
    allowed |= {"HEAD"} if "GET" in allowed else set()
    headers = {"Allow": ", ".join(sorted(allowed))}
    raise RefusedRequest(HTTPStatus.METHOD_NOT_ALLOWED, "The path has no such method", headers)


def no_such_path() -> RefusedRequest:
    """The refusal of a path that leads nowhere."""
    return RefusedRequest(HTTPStatus.NOT_FOUND, "There is no such path")


def decoded(segment: str) -> str:
    """The text that a percent-encoded segment stands for.

    Raises:
        RefusedRequest: 400, it is not UTF-8.
    """
    try:
        return unquote(segment, errors="strict")
    except UnicodeDecodeError:
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, "The path is not UTF-8") from None


def masked(path: str) -> str:
    """The path without what gives a manifest away."""
    return f"{_MANIFESTS}***" if path.startswith(_MANIFESTS) else path
