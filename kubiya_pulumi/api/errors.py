"""What can go wrong between this package and the Runners API.

KubiyaError
├── SettingError                a setting is missing or cannot be right
├── InvalidNameError            a runner's name that no request can carry
├── ApiError                    the service answered, and not with success
│   ├── BadRequestError         400
│   ├── UnauthorizedError       401
│   ├── ForbiddenError          403
│   ├── NotFoundError           404
│   ├── ConflictError           409
│   ├── RateLimitedError        429
│   ├── ServerError             500 to 599
│   └── UnexpectedStatusError   every other status, redirects among them
├── TransportError               the service did not answer
│   ├── ConnectionFailedError   no connection, or one that brought no answer of HTTP
│   │   └── ProxyRefusedError   the proxy refused, or its address cannot be used
│   ├── TlsError                the connection could not be secured
│   └── ResponseTimeoutError      the answer did not come in time
└── InvalidResponseError        the service answered with what cannot be read
    └── TruncatedResponseError       the connection broke before the answer's end

Each prints as one line: what failed, why, and what to do about it. `outcome_unknown` tells whether
a change that ended in it is in doubt. Whoever raises one has sanitize the words of others in it by
`sanitize`: no error holds the API key or a manifest's URL. All arguments are plain values in the
order of `__init__`, so errors can be copied and pickled.
"""

from __future__ import annotations

from typing import ClassVar

from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.text import attempt, sentence

DOWNLOAD = "download_manifest"
"""The one operation that carries no key and names its URL itself."""

_CHANGES = frozenset({"create_runner", "delete_runner", "update_runner_description"})


def _doubt(operation: str | None) -> str:
    """A change whose answer was lost may have been made."""
    return "It may have been done all the same" if operation in _CHANGES else ""


class SettingError(KubiyaError):
    """A setting is missing or cannot be right; no request was made.

    Attributes:
        setting: the setting as a stack's configuration has it, such as `kubiya:apiKey`.
        message: what is wrong with it and how to set it right, without a secret value.
    """

    def __init__(self, setting: str, message: str) -> None:
        super().__init__(setting, message)
        self.setting = setting
        self.message = message

    def __str__(self) -> str:
        return self.message


class InvalidNameError(KubiyaError):
    """A name that cannot be one segment of a URL's path; no request was made.

    Attributes:
        operation: the client's method, such as `describe_runner`.
        problem: the end of the sentence that says why not, as `name_problem` gives it.
    """

    def __init__(self, operation: str, problem: str) -> None:
        super().__init__(operation, problem)
        self.operation = operation
        self.problem = problem

    def __str__(self) -> str:
        return sentence(f"{attempt(self.operation)}: the runner's name {self.problem}")


class ApiError(KubiyaError):
    """The service answered with a status that is no success.

    Attributes:
        status: the HTTP status.
        code: the service's own code for the error, such as `not_found`, if it gave one.
        message: the service's own words, on one line and cut to 200 characters.
        operation: the client's method, such as `describe_runner`.
        runner: the runner's name; None where the operation is about all runners.
        retry_after: how many seconds the service asks to wait; None if it does not ask.
    """

    advice: ClassVar[str] = "See what the service says, and try again"
    download_advice: ClassVar[str] = (
        "The manifest's URL may have expired: run the command again to have a new one"
    )

    def __init__(
        self,
        status: int,
        code: str | None,
        message: str,
        operation: str,
        runner: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(status, code, message, operation, runner, retry_after)
        self.status = status
        self.code = code
        self.message = message
        self.operation = operation
        self.runner = runner
        self.retry_after = retry_after

    @property
    def outcome_unknown(self) -> bool:
        """A server may have made the change before it failed or sent the caller elsewhere."""
        return not 400 <= self.status < 500

    def __str__(self) -> str:
        code = f" ({self.code})" if self.code else ""
        said = f"{attempt(self.operation, self.runner)}: the service answered {self.status}{code}"
        advice = self.download_advice if self.operation == DOWNLOAD else self.advice
        asked = f"It asks to wait {self.retry_after:.0f} seconds" if self.retry_after else ""
        doubt = _doubt(self.operation) if self.outcome_unknown else ""
        return sentence(f"{said}: {self.message}", asked, advice, doubt)


class BadRequestError(ApiError):
    """400: the service finds the request wrong, most often the runner's name."""

    advice = "Correct what the service names, most often the runner's name"


class UnauthorizedError(ApiError):
    """401: the API key was refused."""

    advice = (
        "The API key was refused: set a valid one with "
        "`pulumi config set --secret kubiya:apiKey` or in KUBIYA_API_KEY. `pulumi refresh` and "
        "`pulumi destroy` use the key that the last `pulumi up` stored in the stack, unless "
        "--run-program is given or the key is in KUBIYA_API_KEY alone"
    )


class ForbiddenError(ApiError):
    """403: the API key is valid, but may not do this."""

    advice = (
        "The API key lacks the permission: have it granted, or set another key in "
        "kubiya:apiKey (or KUBIYA_API_KEY)"
    )


class NotFoundError(ApiError):
    """404: there is no such runner, or no such route where the base URL points.

    The status alone does not tell which: a runner is gone only if the list lacks it too.
    """

    advice = "Check the runner's name, and kubiya:baseUrl (or KUBIYA_BASE_URL)"


class ConflictError(ApiError):
    """409: the request contradicts what is there, such as a runner of that name."""

    advice = "There may be a runner of that name already: choose another name or adopt that one"


class RateLimitedError(ApiError):
    """429: too many requests, and the service did not relent during the retries."""

    advice = "Wait a while, then try again; a narrower --parallel makes fewer requests at once"
    download_advice = advice


class ServerError(ApiError):
    """500 to 599: the service failed, and did not recover during the retries."""

    advice = "The fault is the service's: try again later"
    download_advice = advice


class UnexpectedStatusError(ApiError):
    """A status that no operation has, such as a redirect or 405."""

    advice = "Check that kubiya:baseUrl (or KUBIYA_BASE_URL) is the API's own address"
    download_advice = "Check what the manifest's host has to say about it"


class TransportError(KubiyaError):
    """The service did not answer.

    Attributes:
        operation: the client's method, such as `create_runner`.
        runner: the runner's name; None where the operation is about all runners.
        problem: what happened, with no more of a URL than scheme, host and port.
        sent: whether the request may have reached the service.
    """

    advice: ClassVar[str] = ""

    def __init__(
        self,
        operation: str,
        runner: str | None,
        problem: str,
        sent: bool = True,  # noqa: FBT001, FBT002  (a copy is made by position)
    ) -> None:
        super().__init__(operation, runner, problem, sent)
        self.operation = operation
        self.runner = runner
        self.problem = problem
        self.sent = sent

    @property
    def outcome_unknown(self) -> bool:
        """What was sent may have been followed."""
        return self.sent

    def __str__(self) -> str:
        said = f"{attempt(self.operation, self.runner)}: {self.problem}"
        return sentence(said, self.advice, _doubt(self.operation) if self.outcome_unknown else "")


class ConnectionFailedError(TransportError):
    """No connection could be made, or it broke, or brought no HTTP, before the answer began."""

    advice = (
        "Check kubiya:baseUrl (or KUBIYA_BASE_URL), the network and the proxy settings, "
        "then try again"
    )


class ProxyRefusedError(ConnectionFailedError):
    """The proxy did not let the call through, or its address in the environment cannot be used."""

    advice = "Check HTTPS_PROXY (or ALL_PROXY) and NO_PROXY in the environment"


class TlsError(TransportError):
    """The connection could not be secured: most often the certificate is not trusted."""

    advice = (
        "Check kubiya:baseUrl (or KUBIYA_BASE_URL); name the PEM file of a private certificate "
        "authority in kubiya:caBundle"
    )


class ResponseTimeoutError(TransportError):
    """The connection was made, but the answer did not come in time."""

    advice = "Try again, or raise kubiya:timeoutSeconds"


class InvalidResponseError(KubiyaError):
    """The service answered with success, and with what cannot be read.

    Attributes:
        operation: the client's method; None while only the data is known.
        runner: the runner's name; None where the operation is about all runners.
        problem: what is wrong with the answer, as the end of "the answer …".
    """

    advice: ClassVar[str] = (
        "Check that kubiya:baseUrl (or KUBIYA_BASE_URL) is the API's own address"
    )

    def __init__(self, operation: str | None, runner: str | None, problem: str) -> None:
        super().__init__(operation, runner, problem)
        self.operation = operation
        self.runner = runner
        self.problem = problem

    @property
    def outcome_unknown(self) -> bool:
        """The service said that it succeeded."""
        return True

    def __str__(self) -> str:
        said = f"{attempt(self.operation, self.runner)}: the answer {self.problem}"
        return sentence(said, self.advice, _doubt(self.operation))


class TruncatedResponseError(InvalidResponseError):
    """The connection broke before the answer's end."""

    advice = "Check the network, then try again"
