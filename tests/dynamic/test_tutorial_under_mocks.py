"""The example of docs/writing-a-dynamic-provider.md under Pulumi's mocks, and its references."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import MockCallArgs, MockResourceArgs

from kubiya_pulumi.testing import run_program
from tests.harness.toolchain import ROOT
from tests.harness.tutorial import PAGE, MessageService, write_example

TOPIC = "pulumi-python:dynamic/message:Topic"


class TopicMocks(pulumi.runtime.Mocks):
    """Runs the handler of the page with a service in memory."""

    def __init__(self, service: MessageService) -> None:
        self._service = service

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        topic = sys.modules["message_service.topic"]
        assert args.typ == topic.TOPIC.type_token == TOPIC
        handler = topic.TopicHandler()
        given = {name: value for name, value in args.inputs.items() if not name.startswith("__")}
        inputs, failures = handler.check(given, frozenset())
        if failures:
            raise ValueError(failures[0].reason)
        state = handler.create(self._service, topic.TOPIC.parse_inputs(inputs))
        return state.name, topic.TOPIC.to_properties(state)

    def call(self, args: MockCallArgs) -> Any:
        raise NotImplementedError


def test_the_program_creates_the_topic(tmp_path: Path) -> None:
    write_example(tmp_path)
    service = MessageService()
    result = run_program(tmp_path, TopicMocks(service), project="messages", stack="dev")
    assert service.calls == ["POST orders"]
    assert service.topics["orders"]["owner"] == "messages/dev/orders"
    assert service.topics["orders"]["retention_hours"] == 48
    assert result.outputs == {"publish_url": service.topics["orders"]["publish_url"]}


def test_an_invalid_input_is_refused(tmp_path: Path) -> None:
    write_example(tmp_path)
    program = tmp_path / "__main__.py"
    program.write_text(program.read_text().replace("48", "1000"))
    service = MessageService()
    with pytest.raises(ValueError, match="must be 1 to 720 hours"):
        run_program(tmp_path, TopicMocks(service))
    assert service.calls == []


def test_the_page_names_tests_that_exist() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text()))
    files = (ROOT / "tests" / "engine").glob("test_*.py")
    existing = {name for file in files for name in re.findall(r"def (test_\w+)", file.read_text())}
    assert len(named) > 20
    assert named <= existing
