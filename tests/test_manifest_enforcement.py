"""The manifest that RunnerManifest gives to a program: the pinned one, and none that is refused."""

from __future__ import annotations

from typing import Any, cast

import pulumi
import pytest

from kubiya_pulumi import (
    ManifestPolicy,
    ManifestPolicyError,
    ManifestRefusedError,
    RunnerManifest,
)
from kubiya_pulumi.review import parse_manifest, render_manifest, sha256_of
from kubiya_pulumi.runner_manifest import enforce_policy
from kubiya_pulumi.testing import MemoryClient, Mocks, run_program


def config_map(value: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: flags}}\ndata: {{a: '{value}'}}\n"


PINNED, NEW = config_map("pinned"), config_map("new")


def enforce(text: str | None, expected_sha256: str | None, kept_text: str | None = None) -> str:
    return enforce_policy(
        text,
        kept_text=kept_text,
        runner="runner-prod",
        expected_sha256=expected_sha256,
        policy=ManifestPolicy(),
        resource=cast(Any, None),
    )


def rendered(text: str) -> str:
    return render_manifest(parse_manifest(text))


@pytest.mark.parametrize("kept", [None, PINNED])
def test_without_a_pin_the_newest_manifest_is_applied(kept: str | None) -> None:
    assert enforce(NEW, None, kept) == rendered(NEW)


@pytest.mark.parametrize("text", [PINNED, NEW])
def test_the_pinned_manifest_is_applied_if_the_state_has_it(text: str) -> None:
    assert enforce(text, f" {sha256_of(PINNED).upper()}\n", PINNED) == rendered(PINNED)


@pytest.mark.parametrize("kept", [None, config_map("older")])
def test_another_manifest_than_the_pinned_one_is_refused(kept: str | None) -> None:
    with pytest.raises(ManifestRefusedError) as caught:
        enforce(NEW, sha256_of(PINNED), kept)
    assert str(caught.value).startswith(
        'the manifest of runner "runner-prod" does not match expected_sha256: its SHA-256 is '
        f"{sha256_of(NEW)}, expected {sha256_of(PINNED)}. "
    )


@pytest.mark.parametrize("text", [None, ""])
def test_a_manifest_that_an_import_omits_is_refused(text: str | None) -> None:
    with pytest.raises(ManifestRefusedError, match="an import file omits it"):
        enforce(text, None)


def test_a_text_that_is_no_manifest_is_refused() -> None:
    with pytest.raises(ManifestRefusedError, match='the manifest of runner "runner-prod" is not'):
        enforce("- a list", None)


@pytest.mark.parametrize("value", ["abc", "g" * 64, f"{'a' * 64} {'a' * 64}"])
def test_an_invalid_pin_is_refused(value: str) -> None:
    with pytest.raises(ManifestRefusedError, match="expected_sha256 of the manifest of runner"):
        enforce(NEW, value)


def declare(**arguments: Any) -> Any:
    """Return the exported hash of a program with a manifest. An argument may be a function."""

    def program() -> None:
        # An output needs the event loop of the program.
        values = {key: item() if callable(item) else item for key, item in arguments.items()}
        manifest = RunnerManifest("manifest", runner="runner-prod", **values)
        pulumi.export("sha256", manifest.sha256)
        pulumi.export("content", manifest.content)

    client = MemoryClient()
    client.create_runner("runner-prod")
    return run_program(program, Mocks(client)).outputs["sha256"]


def test_a_program_with_the_pinned_manifest_gets_it() -> None:
    sha256 = declare()
    assert declare(expected_sha256=sha256.upper()) == sha256
    assert declare(expected_sha256=lambda: pulumi.Output.from_input(sha256)) == sha256


@pytest.mark.parametrize(
    ("error", "message", "arguments"),
    [
        (ManifestPolicyError, "must be a ManifestPolicy", {"policy": "critical"}),
        (ManifestRefusedError, 'expected_sha256 of "manifest" is', {"expected_sha256": "abc"}),
        (ManifestRefusedError, "does not match expected_sha256", {"expected_sha256": "a" * 64}),
        *(
            (
                ManifestRefusedError,
                "a refresh would replace the manifest without showing it",
                {"opts": pulumi.ResourceOptions(ignore_changes=[path])},
            )
            for path in ("sha256", '["sha256"]', "['sha256']", "*", "[*]")
        ),
    ],
)
def test_a_program_that_must_not_apply_a_manifest_fails(
    error: type[Exception], message: str, arguments: Any
) -> None:
    with pytest.raises(error, match=message):
        declare(**arguments)


def test_other_options_are_accepted() -> None:
    assert declare(opts=pulumi.ResourceOptions(ignore_changes=["runner"]))
