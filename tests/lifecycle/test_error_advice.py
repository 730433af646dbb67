"""What the advice of an error adds, and leaves out, for the place where it is read."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kubiya_pulumi.api import errors
from kubiya_pulumi.api.error_advice import STORED_SETTINGS
from kubiya_pulumi.api.operations import DOWNLOAD
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.lifecycle.errors import RunnerElsewhereError, RunnerExistsError
from kubiya_pulumi.lifecycle.providers import RunnerProvider

UNAUTHORIZED = errors.UnauthorizedError(401, None, "no", "list_runners")
MISSING_KEY = errors.SettingError("kubiya:apiKey", "is missing", "it is missing.", missing=True)
SERVER = errors.ServerError(503, None, "no", "list_runners")


@pytest.mark.parametrize("method", ["read", "delete"])
@pytest.mark.parametrize("error", [UNAUTHORIZED, MISSING_KEY, RunnerElsewhereError("x.")])
def test_an_error_about_a_setting_says_that_refresh_and_destroy_use_stored_ones(
    error: KubiyaError, method: str
) -> None:
    assert RunnerProvider().describe_error(error, method) == f"{error} {STORED_SETTINGS}."


@pytest.mark.parametrize(
    ("error", "method"),
    [
        (UNAUTHORIZED, "create"),
        (UNAUTHORIZED, "update"),
        (MISSING_KEY, "update"),
        (SERVER, "read"),
        (RunnerExistsError("x."), "delete"),
        (errors.NotFoundError(404, None, "no", DOWNLOAD, "a"), "read"),
        (RuntimeError("not ours"), "read"),
    ],
)
def test_any_other_error_does_not(error: Exception, method: str) -> None:
    assert RunnerProvider().describe_error(error, method) == str(error)


@pytest.mark.parametrize("operation", ["delete_runner", "update_runner_description"])
def test_only_a_create_conflicts_with_a_name(operation: str) -> None:
    assert "name" not in str(errors.ConflictError(409, None, "no", operation, "a"))
    assert "different name" in str(errors.ConflictError(409, None, "no", "create_runner", "a"))


def test_an_error_ends_a_program_with_its_message_alone() -> None:
    program = (
        "import pulumi; from kubiya_pulumi.review import ManifestError, ManifestPolicyError;"
        "assert issubclass(ManifestPolicyError, pulumi.RunError);"
        "assert issubclass(ManifestError, pulumi.RunError)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
