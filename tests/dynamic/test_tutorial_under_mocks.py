"""The example of docs/writing-a-dynamic-provider.md under Pulumi's mocks, and its references."""

from __future__ import annotations

import importlib
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kubiya_pulumi.testing import InvalidInputsError, Mocks, ProgramResult, run_program
from tests.harness.toolchain import ROOT
from tests.harness.tutorial import PAGE, TOKEN, MessageService, serve, write_example


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The files of the page, with modules that can be imported until the end of the test."""
    write_example(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("message_service")]:
        del sys.modules[name]


def import_topic() -> Any:
    return importlib.import_module("message_service.topic")


def run(example: Path, service: MessageService) -> ProgramResult:
    """Run the program of the page with the handler of the page and a service in memory."""
    mocks = Mocks(handlers={import_topic().TopicHandler(): service})
    return run_program(example, mocks, project="messages", stack="dev")


def test_the_program_creates_the_topic(example: Path) -> None:
    service = MessageService()
    result = run(example, service)
    assert service.calls == ["POST orders"]
    assert service.topics["orders"]["owner"] == "messages/dev/orders"
    assert service.topics["orders"]["retention_hours"] == 48
    assert result.outputs == {"publish_url": service.topics["orders"]["publish_url"]}
    assert result.secrets == {"publish_url"}


def test_an_invalid_input_is_refused(example: Path) -> None:
    program = example / "__main__.py"
    program.write_text(program.read_text().replace("48", "1000"))
    service = MessageService()
    with pytest.raises(InvalidInputsError, match="must be 1 to 720 hours"):
        run(example, service)
    assert service.calls == []


def test_the_unit_test_of_the_page_passes(example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(example)
    tests = runpy.run_path("test_topics.py")
    tests["test_orders_are_kept_for_two_days"]()
    program = example / "__main__.py"
    program.write_text(program.read_text().replace("48", "24"))
    with pytest.raises(AssertionError):
        tests["test_orders_are_kept_for_two_days"]()


@pytest.mark.usefixtures("example")
def test_a_topic_of_another_owner_is_never_changed() -> None:
    topic, service = import_topic(), MessageService()
    service.create("orders", retention_hours=1.0, owner="another team")
    handler = topic.TopicHandler()
    inputs = topic.TopicInputs(name="orders", owner="ours")
    state = topic.TopicState(name="orders", owner="ours")
    for change in (
        lambda: handler.create(service, inputs),
        lambda: handler.update(service, state, inputs),
        lambda: handler.delete(service, state),
    ):
        with pytest.raises(topic.MessageServiceError, match="it has another owner"):
            change()
    assert service.calls == ["POST orders"]


@pytest.mark.usefixtures("example")
def test_a_topic_that_exists_is_not_lost_after_an_error(caplog: pytest.LogCaptureFixture) -> None:
    topic, service = import_topic(), MessageService()
    service.create("orders", retention_hours=1.0, owner="ours")

    def fail(*_: object) -> None:
        raise topic.MessageServiceError("PATCH /orders failed")

    service.set_retention = fail  # type: ignore[assignment]
    inputs = topic.TopicInputs(name="orders", retention_hours=2.0, owner="ours")
    assert topic.TopicHandler().create(service, inputs).retention_hours == 1.0
    assert "PATCH /orders failed; the next `pulumi up` sets its retention" in caplog.text


@pytest.mark.usefixtures("example")
def test_a_topic_is_gone_only_if_the_list_lacks_it() -> None:
    topic, service = import_topic(), MessageService()
    handler, state = topic.TopicHandler(), topic.TopicState(name="orders", owner="ours")
    assert handler.read(service, state) is None
    handler.delete(service, state)
    assert service.calls == []
    with pytest.raises(topic.MessageServiceError, match="run `pulumi refresh`"):
        handler.update(service, state, topic.TopicInputs(name="orders"))


def test_the_client_of_the_page(example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = importlib.import_module("message_service.client")
    service = MessageService()
    api = client.HttpTopicsApi(TOKEN)
    with serve(service) as url:
        monkeypatch.setenv("MESSAGE_URL", url)
        api.create("a b", retention_hours=1.0, owner="ours")
        assert api.set_retention("a b", 2.0)["retention_hours"] == 2.0
        assert [topic["name"] for topic in api.list_topics()] == ["a b"]
        api.delete("a b")
        api.delete("a b")
        assert service.topics == {}
        with pytest.raises(client.MessageServiceError, match=r"PATCH /a b failed .*404"):
            api.set_retention("a b", 2.0)
        with pytest.raises(client.MessageServiceError, match=r"GET / failed .*401"):
            client.HttpTopicsApi("other").list_topics()
    with pytest.raises(client.MessageServiceError, match="refused"):
        api.list_topics()


def test_a_copy_of_the_folder_imports_nothing_of_this_package(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "kubiya_pulumi" / "dynamic", tmp_path / "copied")
    modules = sorted(file.stem for file in (tmp_path / "copied").glob("[a-z]*.py"))
    assert "dynamic_resource" in modules
    code = (
        f"import sys, importlib\nfor name in {modules}: importlib.import_module('copied.' + name)\n"
        "assert not [name for name in sys.modules if name.startswith('kubiya_pulumi')]"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def test_the_page_names_tests_that_exist() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text()))
    files = (ROOT / "tests" / "engine").glob("test_*.py")
    existing = {name for file in files for name in re.findall(r"def (test_\w+)", file.read_text())}
    assert len(named) > 20
    assert named <= existing
