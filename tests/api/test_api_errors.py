"""The messages and the attributes of the errors."""

import copy
import inspect
import pickle

import pytest

from kubiya_pulumi import api
from kubiya_pulumi.api import errors
from kubiya_pulumi.api.operations import DOWNLOAD
from kubiya_pulumi.errors import KubiyaError

ERRORS = [
    api.SettingError("kubiya:apiKey", "is missing", "kubiya:apiKey is missing: set it.", True),
    api.InvalidNameError("describe_runner", "must not be empty"),
    api.BadRequestError(400, "invalid_request", "No\nsuch", "create_runner", "a"),
    api.UnauthorizedError(401, None, "Unauthorized.", "list_runners"),
    api.ForbiddenError(403, None, "no permission", "delete_runner", "a"),
    api.NotFoundError(404, "not_found", "Runner not found", "describe_runner", "a"),
    api.ConflictError(409, None, "exists", "create_runner", "a"),
    api.RateLimitedError(429, None, "slow down", "list_runners", None, 7.0),
    api.ServerError(503, None, "Service Unavailable", "get_runner_manifest", "a"),
    api.UnexpectedStatusError(405, None, "Method Not Allowed", "delete_runner", "a"),
    api.ConnectionFailedError(
        "create_runner", "a", "the connection to https://a.example failed", False
    ),
    api.ProxyRefusedError(
        "list_runners", None, "the connection to https://a.example through it failed"
    ),
    api.PoolTimeoutError("delete_runner", "a", "no connection became free in 30 seconds", False),
    api.TlsError("list_runners", None, "the connection to https://a.example is not secure"),
    api.ResponseTimeoutError("delete_runner", "a", "no response within 30 seconds"),
    api.InvalidResponseError("create_runner", "a", "is not JSON"),
    api.TruncatedResponseError("create_runner", "a", "was truncated"),
    api.InvalidResponseError(None, None, "is invalid: expected an object describing a runner"),
]


def test_every_class_that_is_raised_is_tested_here() -> None:
    tree = {kind for _, kind in inspect.getmembers(errors, inspect.isclass)}
    leaves = {kind for kind in tree if issubclass(kind, Exception) and not kind.__subclasses__()}
    raised = {type(error) for error in ERRORS}
    assert leaves == raised - {api.InvalidResponseError, api.ConnectionFailedError}
    assert all(issubclass(kind, KubiyaError) for kind in leaves)


def test_the_tree_in_the_docstring_is_complete() -> None:
    documented = [
        line.split("─ ")[1].split()[0] for line in errors.__doc__.splitlines() if "─ " in line
    ]
    actual: list[str] = []

    def walk(kind: type) -> None:
        for child in kind.__subclasses__():
            if child.__module__ == errors.__name__:
                actual.append(child.__name__)
                walk(child)

    walk(KubiyaError)
    assert documented == actual


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))]
)
def test_an_error_survives_a_copy(error, duplicate) -> None:
    other = duplicate(error)
    assert type(other) is type(error)
    assert (str(other), repr(other), vars(other)) == (str(error), repr(error), vars(error))


FAILURES = [
    "kubiya:apiKey is missing.",
    "could not read a runner: the runner's name must not be empty.",
    'could not create runner "a": the service returned 400 (invalid_request): No such.',
    "could not list the runners: the service returned 401: Unauthorized.",
    'could not delete runner "a": the service returned 403: no permission.',
    'could not read runner "a": the service returned 404 (not_found): Runner not found.',
    'could not create runner "a": the service returned 409: exists.',
    "could not list the runners: the service returned 429: slow down. Retry after 7 seconds.",
    'could not get the manifest of runner "a": the service returned 503: Service Unavailable.',
    'could not delete runner "a": the service returned 405: Method Not Allowed.',
    'could not create runner "a": the connection to https://a.example failed.',
    "could not list the runners: the connection to https://a.example through it failed.",
    'could not delete runner "a": no connection became free in 30 seconds.',
    "could not list the runners: the connection to https://a.example is not secure.",
    'could not delete runner "a": no response within 30 seconds.',
    'could not create runner "a": the response is not JSON.',
    'could not create runner "a": the response was truncated.',
    "could not parse a response: the response is invalid: expected an object describing a runner.",
]
"""What each of `ERRORS` says without advice."""
BASE_URL = "kubiya:baseUrl (or KUBIYA_BASE_URL, or base_url of the KubiyaProvider)"
ADVICE = [
    "set it.",
    "",
    "Fix the problem that the message describes. The usual cause is the runner's name.",
    "The API key was rejected: set a valid one with `pulumi config set --secret kubiya:apiKey`, in "
    "KUBIYA_API_KEY, or as api_key of the KubiyaProvider.",
    "The API key lacks the permission: grant it, or set another key in kubiya:apiKey (or "
    "KUBIYA_API_KEY, or api_key of the KubiyaProvider).",
    f"Check the runner's name and {BASE_URL}.",
    "A runner with this name may already exist: choose a different name or adopt that runner.",
    "A lower --parallel sends fewer requests at once.",
    "Retry later. The fault is in the service.",
    f"Check that {BASE_URL} is the base URL of the API.",
    f"Check {BASE_URL}, the network and the proxy settings, then retry.",
    "Check HTTPS_PROXY (or ALL_PROXY) and NO_PROXY in the environment.",
    "Retry with fewer concurrent calls.",
    f"Check {BASE_URL}. If the service uses a private certificate authority, set kubiya:caBundle "
    "(or ca_bundle of the KubiyaProvider) to its PEM file.",
    "Retry, or increase kubiya:timeoutSeconds (or timeout_seconds of the KubiyaProvider). The "
    "change may have been made anyway.",
    f"Check that {BASE_URL} is the base URL of the API. The change may have been made anyway.",
    "Check the network, then retry. The change may have been made anyway.",
    f"Check that {BASE_URL} is the base URL of the API.",
]
"""What each of `ERRORS` adds to that."""


def test_messages() -> None:
    assert [error.failure for error in ERRORS] == FAILURES
    messages = [
        f"{failure} {advice}".strip() for failure, advice in zip(FAILURES, ADVICE, strict=True)
    ]
    messages[0] = "kubiya:apiKey is missing: set it."
    assert [str(error) for error in ERRORS] == messages


@pytest.mark.parametrize("kind", [api.ServerError, api.RateLimitedError])
def test_the_time_to_retry_is_given_once(kind: type[errors.ApiError]) -> None:
    timed = str(kind(429, None, "no", "list_runners", None, 3.0))
    assert "no. Retry after 3 seconds. " in timed
    assert "Retry later" not in timed
    assert "no. Retry later. " in str(kind(429, None, "no", "list_runners"))


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (api.ServerError(503, None, "no", DOWNLOAD, "a"), "The fault is in the service."),
        (api.UnexpectedStatusError(302, None, "no", DOWNLOAD, "a"), "Check the host that serves"),
        (api.NotFoundError(404, None, "no", DOWNLOAD, "a"), "URL may have expired"),
        (
            api.InvalidResponseError(DOWNLOAD, "a", "leads from https:// to plain http://"),
            "http://. Check the manifest's URL that the API returns, and the host that serves the "
            "manifest.",
        ),
        (api.TruncatedResponseError(DOWNLOAD, "a", "was truncated"), "Check the network"),
        (
            api.ConnectionFailedError(DOWNLOAD, "a", "refused"),
            "Check the network, the proxy settings and the host that serves the manifest",
        ),
        (api.TlsError(DOWNLOAD, "a", "no trust"), "the host that serves the manifest"),
        (api.ResponseTimeoutError(DOWNLOAD, "a", "late"), "increase kubiya:timeoutSeconds"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_advice_for_a_download_does_not_concern_the_api(
    error: errors.RequestError, advice: str
) -> None:
    assert advice in str(error)
    for setting in ("kubiya:baseUrl", "KUBIYA_BASE_URL", "kubiya:apiKey"):
        assert setting not in error.describe() + error.describe(in_command=True)


def test_an_error_without_advice_is_its_own_failure() -> None:
    error = KubiyaError("no manifest")
    assert error.failure == str(error) == "no manifest"
    assert not error.outcome_unknown


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_is_one_line(error) -> None:
    assert str(error).isprintable()
    assert str(error).endswith(".")


def test_a_failed_list_names_the_runner_to_find() -> None:
    error = api.ServerError(500, None, "no", "list_runners", "a")
    assert str(error).startswith('could not list the runners to find runner "a": ')


def test_a_name_with_line_breaks_is_shown_on_one_line() -> None:
    error = api.NotFoundError(404, None, "no", "delete_runner", "a\u2028b\u202ec")
    assert str(error).startswith('could not delete runner "a bc": ')


def test_the_attributes_of_an_error() -> None:
    error = api.NotFoundError(404, "not_found", "Runner not found", "describe_runner", "a")
    attributes = (error.status, error.code, error.message, error.operation, error.runner)
    assert attributes == (404, "not_found", "Runner not found", "describe_runner", "a")
    assert repr(error) == (
        "NotFoundError(404, 'not_found', 'Runner not found', 'describe_runner', 'a', None)"
    )


@pytest.mark.parametrize(
    ("error", "outcome_unknown"),
    [
        (api.SettingError("kubiya:apiKey", "is missing", "set it"), False),
        (api.InvalidNameError("create_runner", "is empty"), False),
        *(
            (api.ApiError(status, None, "no", "create_runner", "a"), False)
            for status in (400, 401, 403, 404, 409, 429, 499)
        ),
        *(
            (api.ApiError(status, None, "no", "create_runner", "a"), True)
            for status in (103, 302, 500, 503, 599, 600)
        ),
        (api.ConnectionFailedError("create_runner", "a", "refused", False), False),
        (api.ConnectionFailedError("create_runner", "a", "broke"), True),
        (api.ProxyRefusedError("create_runner", "a", "no", False), False),
        (api.TlsError("create_runner", "a", "no trust", False), False),
        (api.ResponseTimeoutError("create_runner", "a", "too slow"), True),
        (api.InvalidResponseError("create_runner", "a", "is not JSON"), True),
        (api.TruncatedResponseError("create_runner", "a", "was truncated"), True),
    ],
)
def test_outcome_unknown(error, outcome_unknown) -> None:
    assert error.outcome_unknown is outcome_unknown
    assert ("The change may have been made anyway" in str(error)) == outcome_unknown
