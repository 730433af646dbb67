"""This repository previews its own example as the example tells users to do."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.examples.fake_forge_server import TOKEN, GitHub
from tests.examples.workflows import FOLDER, GITHUB, OWN, github_commands, read
from tests.harness.engine import Stack

pytestmark = pytest.mark.skipif(
    not OWN.exists(), reason="the source distribution has no files for GitHub"
)


def job(workflow: Path) -> dict[str, Any]:
    [found] = read(workflow)["jobs"].values()
    return dict(found)


def steps(workflow: Path) -> dict[str, dict[str, Any]]:
    return {step["name"]: step for step in job(workflow)["steps"] if "name" in step}


def actions(workflow: Path) -> dict[str, Any]:
    return {step["uses"]: step["with"] for step in job(workflow)["steps"] if "uses" in step}


def test_the_steps_are_those_of_the_example() -> None:
    assert read(OWN)["on"] == read(GITHUB)["on"] == "pull_request"
    assert job(OWN)["permissions"] == job(GITHUB)["permissions"]
    for name in ("Preview", "Comment"):
        own, example = steps(OWN)[name], steps(GITHUB)[name]
        assert own["working-directory"] == "examples/pr-check"
        assert own["run"] == example["run"]
        assert own["env"].keys() == example["env"].keys() - {"PULUMI_ACCESS_TOKEN"}
    for action, arguments in actions(GITHUB).items():
        if "checkout" not in action:
            assert actions(OWN)[action] == arguments


def test_the_job_has_no_secret_and_only_one_step_has_a_token() -> None:
    assert "secrets." not in OWN.read_text()
    with_token = [name for name, step in steps(OWN).items() if "github.token" in str(step)]
    assert with_token == ["Comment"]


def test_a_fork_gets_no_comment_because_its_token_can_only_read() -> None:
    assert job(GITHUB)["if"] in steps(OWN)["Comment"]["if"]
    assert "fork" not in str(steps(OWN)["Preview"].get("if"))


@pytest.fixture
def port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


@pytest.fixture
def forge() -> Iterator[GitHub]:
    with GitHub() as running:
        yield running


@pytest.mark.engine
def test_each_push_updates_one_comment(forge: GitHub, port: str, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    for root in (repository, repository / "base"):
        shutil.copytree(FOLDER, root / "examples" / "pr-check")
    log = tmp_path / "log"
    commands = github_commands(OWN, github_event_pull_request_number="7", github_token=TOKEN)
    # Its processes, such as the emulator, end with the stack. It is not the one of the workflow.
    with Stack("", "unused") as stack:

        def run(name: str) -> None:
            command = commands[name]
            variables = {"RUNNER_TEMP": str(tmp_path), "GITHUB_STEP_SUMMARY": str(tmp_path / "s")}
            # A file, because the emulator keeps running and would keep a pipe open.
            with log.open("w") as output:
                process = subprocess.run(
                    ["bash", "-e", "-c", command.shell.replace("8080", port)],
                    cwd=repository / command.folder,
                    env=stack.environment() | forge.environment() | variables | command.env,
                    stdout=output,
                    stderr=output,
                    check=False,
                )
            assert process.returncode == 0, log.read_text()

        run("Deploy the base")
        run("Preview")
        run("Comment")
        [unchanged] = forge.comments.values()
        program = repository / "examples" / "pr-check" / "__main__.py"
        program.write_text(program.read_text().replace("Runs our tools", "Runs all tools"))
        for name in ("Preview", "Show the report", "Comment"):
            run(name)
    [changed] = forge.comments.values()
    assert "Nothing to do." in unchanged[1]
    assert "Runs all tools" in changed[1]
    assert changed[0] == forge.bot
    assert (tmp_path / "s").read_text() == changed[1]
