"""Programs show one warning if `kubiya:apiKey` is not encrypted, without the engine."""

from __future__ import annotations

from collections.abc import Callable

import pulumi
import pytest

from kubiya_pulumi import (
    KubiyaProvider,
    KubiyaRunner,
    RunnerHealth,
    RunnerManifest,
    get_runners,
    get_runners_output,
    plaintext_key_warning,
)
from kubiya_pulumi.testing import MemoryClient, Mocks, run_program

KEY = {"kubiya:apiKey": "the-key"}


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The warnings that a program shows. Mocks do not suppress them in these tests."""
    messages: list[str] = []
    monkeypatch.setattr(plaintext_key_warning, "get_monitor", object)
    monkeypatch.setattr(pulumi.log, "warn", lambda message, *_: messages.append(message))
    return messages


def create_provider_and_get() -> None:
    provider = KubiyaProvider("other", api_key="another-key")
    get_runners(opts=pulumi.InvokeOptions(provider=provider))


@pytest.mark.parametrize(
    "program",
    [
        lambda: KubiyaRunner("runner-prod"),
        lambda: RunnerManifest("manifest", runner="existing"),
        lambda: RunnerHealth("health", runner="existing"),
        get_runners,
        get_runners_output,
        lambda: [get_runners(), get_runners(), KubiyaRunner("runner-prod")],
    ],
)
def test_a_plain_text_key_causes_one_warning(
    program: Callable[[], object], warnings: list[str]
) -> None:
    client = MemoryClient()
    client.add_runner("existing")
    run_program(program, Mocks(client), config=KEY)
    assert warnings == [plaintext_key_warning.WARNING]


def test_a_missing_key_an_encrypted_key_and_an_explicit_provider_cause_no_warning(
    warnings: list[str],
) -> None:
    run_program(get_runners, Mocks())
    run_program(get_runners, Mocks(), secrets=KEY)
    run_program(create_provider_and_get, Mocks(), config=KEY)
    assert warnings == []
