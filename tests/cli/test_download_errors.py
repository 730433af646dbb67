"""The errors of `kubiya-pulumi review --runner` name environment variables, never a stack."""

from __future__ import annotations

import re
import socket

import pytest

from kubiya_pulumi.api import errors
from kubiya_pulumi.api.operations import DOWNLOAD
from kubiya_pulumi.cli import environment_connection, manifest_download
from kubiya_pulumi.cli.main import main
from kubiya_pulumi.emulator import Emulator
from kubiya_pulumi.errors import KubiyaError

KEY = "key-that-is-secret"
STACK_ADVICE = (
    "pulumi config",
    "pulumi refresh",
    "pulumi up",
    "--run-program",
    "kubiya:",
    "--parallel",
)
API_ERRORS = [
    error
    for error in vars(errors).values()
    if isinstance(error, type)
    and issubclass(error, errors.ApiError | errors.TransportError | errors.InvalidResponseError)
]


def without_stack_advice(message: str) -> bool:
    return not any(advice in message for advice in STACK_ADVICE)


def review_error(runner: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Review a runner's manifest, which must fail, and return the error."""
    assert main(["review", "--runner", runner]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert re.fullmatch(r"review: .*\.\n", output.err)
    assert f'runner "{runner}"' in output.err
    assert without_stack_advice(output.err)
    assert KEY not in output.err
    return output.err


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBIYA_API_KEY", KEY)
    monkeypatch.delenv("KUBIYA_BASE_URL", raising=False)


@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_key(
    value: str | None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBIYA_API_KEY")
    if value is not None:
        monkeypatch.setenv("KUBIYA_API_KEY", value)
    assert review_error("a", capsys) == (
        'review: the manifest of runner "a" cannot be downloaded: KUBIYA_API_KEY is not set. Set '
        "KUBIYA_API_KEY to an API key of Kubiya.\n"
    )


def test_a_missing_key_is_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBIYA_API_KEY")
    with pytest.raises(environment_connection.InvalidSettingError):
        manifest_download.download_manifest("a")


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("UserKey abc", "UserKey"),
        ("abc def", "a space"),
        ("abc\ndef", "a line break"),
        ("schlüssel", "character"),
    ],
)
def test_an_invalid_key(
    key: str,
    problem: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KUBIYA_API_KEY", key)
    error = review_error("a", capsys)
    assert "cannot be downloaded: KUBIYA_API_KEY contains " in error
    assert problem in error
    assert "not set" not in error
    assert key not in error


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("ftp://x", "KUBIYA_BASE_URL "),
        ("http://runners.example.com", "is plain http:// to runners.example.com"),
        ("https://user:password@example.com", "contains a user name or password"),
    ],
)
def test_an_invalid_base_url(
    url: str,
    problem: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KUBIYA_BASE_URL", url)
    error = review_error("a", capsys)
    assert "cannot be downloaded: KUBIYA_BASE_URL " in error
    assert problem in error
    assert "Set KUBIYA_BASE_URL to the base URL of the API" in error
    assert "password@" not in error


@pytest.mark.parametrize(
    ("key", "runner", "status", "advice"),
    [
        ("other-key", "runner-prod", 401, "set KUBIYA_API_KEY to a valid one"),
        ("weak-key", "runner-prod", 403, "grant it, or set another key in KUBIYA_API_KEY"),
        (KEY, "other", 404, "Check the runner's name and KUBIYA_BASE_URL"),
    ],
)
def test_a_refused_request(
    key: str,
    runner: str,
    status: int,
    advice: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Emulator(api_key=KEY, forbidden_keys=["weak-key"]) as emulator:
        emulator.add_runner("runner-prod")
        monkeypatch.setenv("KUBIYA_BASE_URL", emulator.url)
        monkeypatch.setenv("KUBIYA_API_KEY", key)
        error = review_error(runner, capsys)
    assert f" {status} " in error
    assert advice in error


@pytest.mark.slow
def test_a_refused_connection(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        monkeypatch.setenv("KUBIYA_BASE_URL", address)
        error = review_error("a", capsys)
    assert address in error
    assert "Check KUBIYA_BASE_URL, the network and the proxy settings" in error


@pytest.mark.parametrize("operation", ["get_runner_manifest", DOWNLOAD])
@pytest.mark.parametrize("kind", API_ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_of_the_api(
    kind: type[KubiyaError],
    operation: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        if issubclass(kind, errors.ApiError):
            raise kind(418, None, "the-reason", operation, "a")
        raise kind(operation, "a", "the-reason")

    monkeypatch.setattr(manifest_download, "download", fail)
    assert "the-reason" in review_error("a", capsys)
