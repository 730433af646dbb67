"""The example of docs/writing-a-dynamic-provider.md on the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.conftest import MakeStack
from tests.engine.sentences import problems
from tests.engine.states import is_secret, step
from tests.harness.engine import Stack
from tests.harness.tutorial import TOKEN, MessageService, serve, write_example

pytestmark = pytest.mark.engine

TOPIC = "pulumi-python:dynamic/message:Topic"


@pytest.fixture
def service() -> MessageService:
    return MessageService()


@pytest.fixture
def dev(service: MessageService, bare_stack: MakeStack, tmp_path: Path) -> Iterator[Stack]:
    """A stack with the program of the page."""
    write_example(tmp_path)
    with serve(service) as url:
        yield bare_stack(tmp_path, secrets={"message:token": TOKEN}, env={"MESSAGE_URL": url})


def change(dev: Stack, old: str, new: str) -> None:
    source = (dev.program / "__main__.py").read_text()
    assert old in source
    dev.rewrite(source.replace(old, new))


def test_the_whole_lifecycle(dev: Stack, service: MessageService) -> None:
    previewed = step(dev.preview_json(), TOPIC)
    assert previewed["op"] == "create"
    assert previewed["newState"]["inputs"]["retention_hours"] == 48
    assert service.calls == []

    dev.up("--skip-preview")
    assert service.calls == ["POST orders"]
    assert service.topics["orders"]["owner"] == "messages/dev/orders"
    [topic] = dev.resources(TOPIC)
    assert topic["id"] == "orders"
    assert is_secret(topic["outputs"]["publish_url"])
    assert dev.outputs() == {"publish_url": "[secret]"}
    url = service.topics["orders"]["publish_url"]
    assert dev.outputs(show_secrets=True) == {"publish_url": url}
    for secret in ("secret-of-orders", TOKEN):
        assert secret not in dev.transcript
        assert all(
            secret not in file.read_text(errors="replace")
            for file in (dev.folder / "state").rglob("*")
            if file.is_file()
        )

    dev.preview("--expect-no-changes")
    dev.refresh("--skip-preview", "--expect-no-changes")
    assert service.calls == ["POST orders"]

    change(dev, "retention_hours=48", "retention_hours=72")
    assert step(dev.preview_json(), TOPIC)["op"] == "update"
    dev.up("--skip-preview")
    assert service.topics["orders"]["retention_hours"] == 72
    assert service.calls[1:] == ["PATCH orders"]

    service.topics["orders"]["retention_hours"] = 12
    dev.refresh("--skip-preview")
    assert step(dev.preview_json(), TOPIC)["diffReasons"] == ["retention_hours"]
    dev.up("--skip-preview")
    assert service.calls[2:] == ["PATCH orders"]

    change(dev, 'Topic("orders", ', 'Topic("orders", name="returns", ')
    previewed = step(dev.preview_json(), TOPIC)
    assert (previewed["op"], previewed["replaceReasons"]) == ("replace", ["name"])
    dev.up("--skip-preview")
    assert service.calls[3:] == ["DELETE orders", "POST returns"]

    dev.destroy("--skip-preview")
    assert service.calls[5:] == ["DELETE returns"]
    assert dev.resources(TOPIC) == []


def test_invalid_inputs_and_settings_are_reported_in_the_preview(
    dev: Stack, service: MessageService
) -> None:
    change(dev, "retention_hours=48", "retention_hours=1000")
    assert problems(dev.preview(check=False)) == {"retention_hours": "must be 1 to 720 hours"}
    change(dev, "retention_hours=1000", "retention_hours=48")
    dev.run("config", "rm", "message:token")
    expected = {"": "message:token is not set; set it, or set MESSAGE_TOKEN"}
    assert problems(dev.preview(check=False)) == expected
    assert service.calls == []


def test_a_topic_of_another_owner_is_refused(dev: Stack, service: MessageService) -> None:
    service.create("orders", retention_hours=1, owner="another team")
    failed = dev.up("--skip-preview", check=False)
    assert failed.returncode
    message = 'topic "orders" was not created: it has another owner; choose another name'
    assert f"error: {message}" in failed.text
    assert "Traceback" not in failed.text
    assert dev.resources(TOPIC) == []


def test_a_topic_of_an_interrupted_create_is_recognized(
    dev: Stack, service: MessageService
) -> None:
    service.create("orders", retention_hours=1, owner="messages/dev/orders")
    dev.up("--skip-preview")
    assert service.topics["orders"]["retention_hours"] == 48
    assert [topic["id"] for topic in dev.resources(TOPIC)] == ["orders"]
