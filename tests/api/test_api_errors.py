"""What a person reads, and what a program gets."""

import copy
import inspect
import pickle

import pytest

from kubiya_pulumi import api
from kubiya_pulumi.api import errors

ERRORS = [
    api.SettingError("kubiya:apiKey", "kubiya:apiKey is missing: set it."),
    api.InvalidNameError("describe_runner", "must not be empty"),
    api.BadRequestError(400, "invalid_request", "No\nsuch", "create_runner", "a"),
    api.UnauthorizedError(401, None, "Unauthorized.", "list_runners"),
    api.ForbiddenError(403, None, "no permission", "delete_runner", "a"),
    api.NotFoundError(404, "not_found", "Runner not found", "describe_runner", "a"),
    api.ConflictError(409, None, "exists", "create_runner", "a"),
    api.RateLimitedError(429, None, "slow down", "list_runners", None, 7.0),
    api.ServerError(503, None, "Service Unavailable", "get_runner_manifest", "a"),
    api.UnexpectedStatusError(405, None, "Method Not Allowed", "delete_runner", "a"),
    api.ConnectionFailedError("create_runner", "a", "no connection to https://a.example", False),
    api.ProxyRefusedError("list_runners", None, "no connection to https://a.example through it"),
    api.TlsError("list_runners", None, "the connection to https://a.example is not secure"),
    api.ResponseTimeoutError("delete_runner", "a", "no answer within 30 seconds"),
    api.InvalidResponseError("create_runner", "a", "is not JSON"),
    api.TruncatedResponseError("create_runner", "a", "was cut off before its end"),
    api.InvalidResponseError(None, None, "has something else in place of a runner"),
]


def test_every_class_that_is_raised_is_tried_here() -> None:
    tree = {kind for _, kind in inspect.getmembers(errors, inspect.isclass)}
    leaves = {kind for kind in tree if issubclass(kind, Exception) and not kind.__subclasses__()}
    raised = {type(error) for error in ERRORS}
    assert leaves == raised - {api.InvalidResponseError, api.ConnectionFailedError}
    assert all(issubclass(kind, api.KubiyaError) for kind in leaves)


def test_the_tree_is_drawn_as_it_is() -> None:
    drawn = [line.split("─ ")[1].split()[0] for line in errors.__doc__.splitlines() if "─ " in line]
    real: list[str] = []

    def walk(kind: type) -> None:
        for child in kind.__subclasses__():
            if child.__module__ == errors.__name__:
                real.append(child.__name__)
                walk(child)

    walk(api.KubiyaError)
    assert drawn == real


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))]
)
def test_an_error_survives_a_copy(error, again) -> None:
    twin = again(error)
    assert type(twin) is type(error)
    assert (str(twin), repr(twin), vars(twin)) == (str(error), repr(error), vars(error))


def test_sentences() -> None:
    assert [str(error) for error in ERRORS] == [
        "kubiya:apiKey is missing: set it.",
        "could not read a runner: the runner's name must not be empty.",
        'could not create runner "a": the service answered 400 (invalid_request): No such. '
        "Correct what the service names, most often the runner's name.",
        "could not list the runners: the service answered 401: Unauthorized. The API key was "
        "refused: set a valid one with `pulumi config set --secret kubiya:apiKey` or in "
        "KUBIYA_API_KEY. `pulumi refresh` and `pulumi destroy` use the key that the last "
        "`pulumi up` stored in the stack, unless --run-program is given or the key is in "
        "KUBIYA_API_KEY alone.",
        'could not delete runner "a": the service answered 403: no permission. The API key lacks '
        "the permission: have it granted, or set another key in kubiya:apiKey "
        "(or KUBIYA_API_KEY).",
        'could not read runner "a": the service answered 404 (not_found): Runner not found. Check '
        "the runner's name, and kubiya:baseUrl (or KUBIYA_BASE_URL).",
        'could not create runner "a": the service answered 409: exists. There may be a runner of '
        "that name already: choose another name or adopt that one.",
        "could not list the runners: the service answered 429: slow down. It asks to wait 7 "
        "seconds. Wait a while, then try again; a narrower --parallel makes fewer requests at "
        "once.",
        'could not get the manifest of runner "a": the service answered 503: Service Unavailable. '
        "The fault is the service's: try again later.",
        'could not delete runner "a": the service answered 405: Method Not Allowed. Check that '
        "kubiya:baseUrl (or KUBIYA_BASE_URL) is the API's own address.",
        'could not create runner "a": no connection to https://a.example. Check kubiya:baseUrl '
        "(or KUBIYA_BASE_URL), the network and the proxy settings, then try again.",
        "could not list the runners: no connection to https://a.example through it. Check "
        "HTTPS_PROXY (or ALL_PROXY) and NO_PROXY in the environment.",
        "could not list the runners: the connection to https://a.example is not secure. Check "
        "kubiya:baseUrl (or KUBIYA_BASE_URL); name the PEM file of a private certificate "
        "authority in kubiya:caBundle.",
        'could not delete runner "a": no answer within 30 seconds. Try again, or raise '
        "kubiya:timeoutSeconds. It may have been done all the same.",
        'could not create runner "a": the answer is not JSON. Check that kubiya:baseUrl (or '
        "KUBIYA_BASE_URL) is the API's own address. It may have been done all the same.",
        'could not create runner "a": the answer was cut off before its end. Check the network, '
        "then try again. It may have been done all the same.",
        "could not read what the service sent: the answer has something else in place of a runner. "
        "Check that kubiya:baseUrl (or KUBIYA_BASE_URL) is the API's own address.",
    ]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_is_one_line(error) -> None:
    assert str(error).isprintable()
    assert str(error).endswith(".")


def test_a_list_that_was_to_hold_one_runner_names_it() -> None:
    error = api.ServerError(500, None, "no", "list_runners", "a")
    assert str(error).startswith('could not list the runners to look for runner "a": ')


def test_a_name_of_several_lines_is_shown_on_one() -> None:
    error = api.NotFoundError(404, None, "no", "delete_runner", "a\u2028b\u202ec")
    assert str(error).startswith('could not delete runner "a bc": ')


def test_what_a_program_gets() -> None:
    error = api.NotFoundError(404, "not_found", "Runner not found", "describe_runner", "a")
    got = (error.status, error.code, error.message, error.operation, error.runner)
    assert got == (404, "not_found", "Runner not found", "describe_runner", "a")
    assert repr(error) == (
        "NotFoundError(404, 'not_found', 'Runner not found', 'describe_runner', 'a', None)"
    )


@pytest.mark.parametrize(
    ("error", "outcome_unknown"),
    [
        (api.SettingError("kubiya:apiKey", "is missing"), False),
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
        (api.TruncatedResponseError("create_runner", "a", "was cut off"), True),
    ],
)
def test_whether_a_create_may_be_done(error, outcome_unknown) -> None:
    assert error.outcome_unknown is outcome_unknown
    assert ("It may have been done all the same" in str(error)) == outcome_unknown
