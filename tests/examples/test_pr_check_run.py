"""The example's check, run as its workflows do, with the real engine and a fake forge."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from kubiya_pulumi.emulator import Emulator
from tests.examples.fake_forge_server import TOKEN, Forge, GitHub, GitLab
from tests.examples.workflows import FOLDER, Command, github_commands, gitlab_commands
from tests.harness.engine import Stack
from tests.harness.secrets import find_secrets

pytestmark = [pytest.mark.engine, pytest.mark.cluster]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture(params=[GitHub, GitLab])
def forge(request: pytest.FixtureRequest) -> Iterator[Forge]:
    with request.param() as running:
        yield running


@pytest.fixture
def stack(emulator: Emulator, control_plane: Path) -> Iterator[Stack]:
    """The example's stack, configured as its README says and not deployed yet."""
    with Stack(
        FOLDER,
        config={"kubiya:baseUrl": emulator.url},
        secrets={
            "kubiya:apiKey": emulator.api_key,
            "kubernetes:kubeconfig": control_plane.read_text(),
        },
    ) as stack:
        yield stack
        if stack.resources():
            stack.destroy()


class Check:
    """Runs the commands of a workflow for a pull request."""

    def __init__(self, stack: Stack, forge: Forge) -> None:
        self._stack, self._forge = stack, forge
        self.output = ""
        """The output of all commands."""
        if isinstance(forge, GitHub):
            commands = github_commands(
                github_event_pull_request_number="7",
                github_token=TOKEN,
                secrets_PULUMI_ACCESS_TOKEN="unused",
            )
            self.preview, self.comment = commands["Preview"], commands["Comment"]
            self._token = {}
        else:
            commands = gitlab_commands()
            self.preview, self.comment = commands["preview"], commands["comment"]
            self._token = {"GITLAB_TOKEN": TOKEN}

    def run(self) -> int:
        """Run the preview, post its report if any, and return the status of the preview."""
        status = self._run(self.preview, self._stack.environment())
        if (self._stack.program / "report.md").exists():
            minimal_env = {key: self._stack.environment()[key] for key in ("PATH", "NO_PROXY")}
            assert self._run(self.comment, minimal_env | self._token) == 0, self.output
        return status

    def _run(self, command: Command, env: dict[str, str]) -> int:
        process = subprocess.run(
            ["bash", "-e", "-c", command.shell],
            cwd=self._stack.program,
            env=env | self._forge.environment() | command.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.output += process.stdout
        return process.returncode


def test_one_comment_follows_the_pull_request(
    stack: Stack, forge: Forge, emulator: Emulator, control_plane: Path
) -> None:
    check = Check(stack, forge)
    id_ = forge.add("reviewer", "Good to merge") + 1
    reports = []

    def report() -> str:
        assert list(forge.comments) == [100, id_]
        author, text = forge.comments[id_]
        assert author == forge.bot
        assert text.startswith("<!-- kubiya-pulumi preview-report")
        reports.append(text)
        return text

    # Before the first deployment.
    assert check.run() == 1
    assert "meets a condition of --fail-on: unreviewed" in check.output
    assert "posted comment" in check.output
    assert "were not reviewed" in report()

    # One more permission.
    stack.up("--skip-preview")
    emulator.set_manifest("runner-prod", with_one_more_rule(emulator))
    stack.refresh("--skip-preview")
    assert check.run() == 1
    assert "meets a condition of --fail-on: rbac" in check.output
    assert "widgets" in report()

    # No changes.
    stack.up("--skip-preview")
    assert check.run() == 0
    assert "widgets" not in report()

    cluster = yaml.safe_load(control_plane.read_text())
    secrets = {
        "API key": emulator.api_key,
        "service's token": TOKEN,
        "cluster's token": cluster["users"][0]["user"]["token"],
    }
    assert find_secrets(secrets, output=check.output, reports="\n".join(reports)) == []


def with_one_more_rule(emulator: Emulator) -> str:
    """Return the runner's manifest with one more permission.

    The subject must not have all permissions already, as the tool manager has. The review does not
    find the permission, so that the comment mentions it only if it is gained.
    """
    objects = list(yaml.safe_load_all(emulator.runners["runner-prod"].manifest))
    [role] = [
        item
        for item in objects
        if (item["kind"], item["metadata"]["name"]) == ("Role", "workflow-engine")
    ]
    rule = {"apiGroups": ["example.com"], "resources": ["widgets"], "verbs": ["get"]}
    role["rules"].append(rule)
    return str(yaml.safe_dump_all(objects))


@pytest.mark.parametrize("forge", [GitHub], indirect=True)
def test_a_failed_preview_is_posted(stack: Stack, forge: Forge) -> None:
    stack.rewrite("raise RuntimeError('a mistake in the program')")
    check = Check(stack, forge)
    assert check.run() == 1
    [(_, report)] = forge.comments.values()
    assert "a mistake in the program" in report
    assert "the preview failed" in check.output


@pytest.mark.parametrize("forge", [GitHub], indirect=True)
def test_without_a_preview_nothing_is_posted(stack: Stack, forge: Forge) -> None:
    (stack.program / "report.md").write_text("<!-- of another run -->")
    check = Check(stack, forge)
    check.preview = replace(check.preview, env=check.preview.env | {"STACK": "absent"})
    assert check.run() == 2
    assert "no stack named 'absent' found" in check.output
    assert forge.calls == []
    assert not (stack.program / "report.md").exists()
