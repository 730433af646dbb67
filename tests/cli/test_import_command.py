"""The command `import` against an emulator, without the engine."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kubiya_pulumi.api import Connection, RunnersClient
from kubiya_pulumi.cli import new_files
from kubiya_pulumi.cli.main import main
from kubiya_pulumi.declarations import RUNNER, RunnerInputs
from kubiya_pulumi.emulator import Emulator
from kubiya_pulumi.importing.stack import MINIMUM_VERSION
from kubiya_pulumi.lifecycle.runner_creation import create_runner

STATES = Path(__file__).parents[1] / "importing" / "states"

Import = Callable[..., tuple[int, str, str]]
"""Runs the command. Returns the status, the standard output and the standard error."""


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> Path:
    """The working directory, with the settings of the emulator in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBIYA_API_KEY", emulator.api_key)
    monkeypatch.setenv("KUBIYA_BASE_URL", emulator.url)
    monkeypatch.delenv("COLUMNS", raising=False)
    return tmp_path


@pytest.fixture
def run_import(capsys: pytest.CaptureFixture[str]) -> Import:
    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(["import", *arguments])
        output = capsys.readouterr()
        return status, output.out, output.err

    return run


def operations(emulator: Emulator) -> dict[str | None, int]:
    names = [call.operation for call in emulator.calls]
    emulator.clear_calls()
    return {name: names.count(name) for name in names}


def resources(file: Path) -> list[dict[str, Any]]:
    return list(json.loads(file.read_text())["resources"])


def test_the_files_hold_what_an_adoption_would_store(
    emulator: Emulator, folder: Path, run_import: Import
) -> None:
    emulator.add_runner("runner-prod", description="tools")
    status, output, errors = run_import("--output", "runners.json", "--program", "program.py")
    assert (status, errors) == (0, "")
    assert "runner-prod  runner-prod  unknown" in output
    assert "pulumi import --file runners.json --generate-code=false --protect=false\n" in output
    assert operations(emulator) == {"listRunners": 1}

    connection = Connection(api_key=emulator.api_key, base_url=emulator.url)
    with RunnersClient(connection) as client:
        adopted = create_runner(client, RunnerInputs(name="runner-prod", adopt_existing=True))
    expected = RUNNER.to_properties(adopted) | {"adopt_existing": False}
    [entry] = resources(folder / "runners.json")
    provider = entry["outputs"].pop("__provider")
    assert entry["inputs"].pop("__provider") == provider
    assert entry["outputs"] == {
        name: value for name, value in expected.items() if name not in RUNNER.secret_outputs
    }
    assert entry["inputs"] == {
        "name": "runner-prod", "description": "tools", "adopt_existing": False,
    }  # fmt: skip
    assert (entry["type"], entry["name"], entry["id"]) == (
        RUNNER.type_token, "runner-prod", "runner-prod",
    )  # fmt: skip
    declared = (folder / "program.py").read_text()
    assert 'runner_prod = KubiyaRunner("runner-prod", description="tools")\n' in declared
    for file in ("runners.json", "program.py"):
        assert stat.S_IMODE((folder / file).stat().st_mode) == 0o600
    assert sorted(path.name for path in folder.iterdir()) == ["program.py", "runners.json"]


def test_the_secrets_are_in_no_file_unless_they_are_allowed(
    emulator: Emulator, folder: Path, run_import: Import
) -> None:
    emulator.add_runner("runner-prod", managed_by="terraform", task_id="task-of-terraform")
    secrets = {
        "manifest": emulator.runners["runner-prod"].manifest.splitlines()[-1].strip(),
        "url": emulator.runners["runner-prod"].manifest_file,
        "key": emulator.api_key,
        "owner": "task-of-terraform",
        "account": '"account"',
    }
    for arguments in ([], ["--deployment"]):
        run_import("--output", "x.json", "--program", "x.py", "--force", *arguments)
        written = (folder / "x.json").read_text() + (folder / "x.py").read_text()
        assert [name for name, secret in secrets.items() if secret in written] == []
    status, output, _ = run_import(
        "--deployment", "--output", "y.json", "--allow-plaintext-secrets"
    )
    assert status == 0
    assert "pulumi refresh    # reads the objects in the cluster\n" in output
    written = (folder / "y.json").read_text().replace("\\", "")
    missing = {name for name, secret in secrets.items() if secret not in written}
    assert missing == {"key"}
    assert stat.S_IMODE((folder / "y.json").stat().st_mode) == 0o600


def test_a_dry_run_shows_the_owner_and_the_health_and_writes_nothing(
    emulator: Emulator, folder: Path, run_import: Import
) -> None:
    emulator.add_runner("mine", managed_by="terraform", task_id="abc")
    emulator.add_runner("sick")
    emulator.set_health("mine", healthy=True)
    emulator.set_health("sick", failing={"tool-manager": "it crashed"})
    status, output, errors = run_import("--dry-run", "--output", "x.json", "--program", "x.py")
    assert (status, errors) == (0, "")
    rows = [line.rstrip() for line in output.splitlines()]
    assert rows[0].split() == ["Runner", "Resource", "Owner", "Health"]
    assert rows[1] == 'mine    mine      managed by terraform (task "abc")  healthy'
    assert rows[2].startswith("sick    sick      unknown")
    assert rows[2].endswith("runner unhealthy, tool-manager unhealthy, agent-manager healthy")
    assert list(folder.iterdir()) == []


def test_a_runner_of_another_stack_is_reported(emulator: Emulator, run_import: Import) -> None:
    emulator.add_runner("theirs", managed_by="pulumi", task_id="organization/other/dev/theirs")
    emulator.add_runner("free", managed_by="terraform")
    status, output, errors = run_import("--dry-run")
    assert status == 0
    assert 'managed by pulumi (task "organization/other/dev/theirs")' in output
    assert errors == (
        'import: "theirs" was created by Pulumi: if that stack exists, use `pulumi state move` '
        "instead, because a destroy of either stack deletes the runner.\n"
    )


def test_a_deployment_has_all_parts_without_the_objects(
    emulator: Emulator, folder: Path, run_import: Import
) -> None:
    emulator.add_runner("a")
    emulator.add_runner("a-runner")
    arguments = ("--output", "x.json", "--program", "x.py", "--protect")
    status, output, errors = run_import("--deployment", "--without-objects", *arguments)
    assert (status, errors) == (0, "")
    assert "pulumi config set kubernetes:upsertExistingObjects true" in output
    entries = resources(folder / "x.json")
    assert [(entry.get("logicalName", entry["name"]), entry.get("id")) for entry in entries] == [
        ("a", None), ("a-runner", "a"), ("a-manifest", "a"), ("a-health", "a"),
        ("a-runner", None), ("a-runner-runner", "a-runner"), ("a-runner-manifest", "a-runner"),
        ("a-runner-health", "a-runner"),
    ]  # fmt: skip
    names = [entry["name"] for entry in entries]
    assert len(set(names)) == len(names)
    assert "opts=pulumi.ResourceOptions(protect=True)" in (folder / "x.py").read_text()


def test_a_deployment_has_the_objects_of_its_manifest(
    emulator: Emulator, folder: Path, run_import: Import
) -> None:
    manifest = emulator.add_runner("a").manifest
    status, output, errors = run_import("--deployment", "--output", "x.json")
    assert (status, errors) == (0, "")
    component, _, _, _, group, *objects = resources(folder / "x.json")
    assert (group["type"], group["logicalName"], group["parent"], group["component"]) == (
        "kubernetes:yaml/v2:ConfigGroup", "a-objects", component["name"], True,
    )  # fmt: skip
    found = [(entry["type"], entry["id"]) for entry in objects]
    assert len(found) == manifest.count("\nkind: ")
    [namespace] = [id_ for type_, id_ in found if type_ == "kubernetes:core/v1:Namespace"]
    assert ("kubernetes:apps/v1:Deployment", f"{namespace}/tool-manager") in found
    assert {entry["parent"] for entry in objects} == {group["name"]}
    assert {entry["logicalName"] for entry in objects} == {f"a-objects:{id_}" for _, id_ in found}
    assert f"The import file contains {len(found)} Kubernetes objects." in output
    assert "upsertExistingObjects" not in output


def test_objects_that_several_runners_have_are_left_out(
    emulator: Emulator, folder: Path, run_import: Import
) -> None:
    """Each runner has a cluster of its own, and a stack without a provider uses one cluster."""
    manifest = emulator.add_runner("a").manifest
    emulator.add_runner("b")
    emulator.set_manifest("b", manifest)
    status, output, errors = run_import("--deployment", "--output", "x.json")
    assert status == 0
    assert errors.startswith(
        "import: objects are not in the import file, because they occur more than once in the "
        "manifests: "
    )
    assert errors.endswith(" more. Import each of the runners into the stack of its own cluster.\n")
    entries = [entry for entry in resources(folder / "x.json") if "version" in entry]
    namespaces = {(entry["type"], entry["id"]) for entry in entries}
    assert namespaces == {("kubernetes:core/v1:Namespace", entries[0]["id"])}
    assert [entry["logicalName"] for entry in entries] == [
        f"{name}-objects:{entries[0]['id']}" for name in ("a", "b")
    ]
    assert "pulumi config set kubernetes:upsertExistingObjects true" in output


@pytest.mark.parametrize("file", ["terraform.tfstate", "show.json"])
def test_the_runners_of_terraform_keep_their_names(
    emulator: Emulator, folder: Path, run_import: Import, file: str
) -> None:
    for name in ("runner-main", "runner-old", "eu-blue", "eu-quoted", "of nobody"):
        emulator.add_runner(name)
    arguments = ("--from-terraform", str(STATES / file), "--output", "x.json", "--program", "x.py")
    status, output, _ = run_import(*arguments, "eu-*", "runner-*")
    assert status == 0
    assert [(entry["name"], entry["id"]) for entry in resources(folder / "x.json")] == [
        ("main", "runner-main"),
        ('region-eu-west-runners-this-a.b "c"', "eu-quoted"),
        ("region-eu-west-runners-this-blue", "eu-blue"),
    ]
    assert 'main = KubiyaRunner("main", name="runner-main")' in (folder / "x.py").read_text()
    assert "terraform state rm kubiya_runner.main 'module.region" in output
    written = output + (folder / "x.json").read_text() + (folder / "x.py").read_text()
    assert "tf-key-secret" not in written
    assert "tf-url-secret" not in written


REFUSALS = [
    (["gone", "--output", "x"], 'the runner "gone" does not exist in this organization'),
    (["x*", "--output", "x"], 'no runner in this organization matches "x*"'),
    ([], "name the import file with --output"),
    (["--output", "x", "--program", "x"], "--output and --program name the same file"),
    (["--output", "x", "--without-objects"], "--without-objects requires --deployment"),
    (["--output", "taken"], "the file taken exists"),
    (["--output", "x", "--program", "taken"], "the file taken exists"),
    (["--output", "no/x"], "the file no/x cannot be written: its folder does not exist"),
    (["--output", "."], "the file . is a folder"),
    (["--output", "-"], "--output and --program cannot write to standard output"),
    (["--output", "x", "--from-terraform", "no"], "the file no cannot be read"),
    (["--output", "x", "--from-terraform", "taken"], "the file taken is not a state of Terraform"),
]


@pytest.mark.parametrize(("arguments", "problem"), REFUSALS, ids=lambda value: str(value)[:40])
def test_a_refusal_is_one_sentence_and_writes_nothing(
    emulator: Emulator, folder: Path, run_import: Import, arguments: list[str], problem: str
) -> None:
    emulator.add_runner("runner-prod")
    (folder / "taken").write_text("mine")
    status, output, errors = run_import(*arguments)
    assert (status, output) == (1, "")
    assert errors.startswith(f"import: {problem}")
    assert errors.count("\n") == 1
    assert [path.name for path in folder.iterdir()] == ["taken"]
    assert (folder / "taken").read_text() == "mine"


def test_settings_and_responses_that_do_not_work_are_refused(
    emulator: Emulator, run_import: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, _, errors = run_import("--dry-run")
    assert (status, errors) == (
        1, "import: there are no runners in this organization: check the API key.\n",
    )  # fmt: skip
    emulator.configure(api_key="another")
    status, _, errors = run_import("--dry-run")
    assert status == 1
    assert "401" in errors
    assert "KUBIYA_API_KEY" in errors
    monkeypatch.delenv("KUBIYA_API_KEY")
    status, _, errors = run_import("--dry-run")
    assert status == 1
    failure = "import: without --stack the runners cannot be listed: KUBIYA_API_KEY is not set."
    assert errors.startswith(failure)


def test_force_replaces_the_files(emulator: Emulator, folder: Path, run_import: Import) -> None:
    emulator.add_runner("runner-prod")
    for name in ("x.json", "x.py"):
        (folder / name).write_text("old")
        (folder / name).chmod(0o644)
    status, _, _ = run_import("--output", "x.json", "--program", "x.py", "--force")
    assert status == 0
    assert len(resources(folder / "x.json")) == 1
    assert stat.S_IMODE((folder / "x.py").stat().st_mode) == 0o600


def test_force_replaces_only_regular_files(
    emulator: Emulator, folder: Path, run_import: Import
) -> None:
    """A rename would replace a device such as /dev/null for the whole system."""
    emulator.add_runner("runner-prod")
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to("pipe")
    for name in ("pipe", "link"):
        assert run_import("--output", name, "--force") == (
            1,
            "",
            f"import: the file {name} is not a regular file: name another one.\n",
        )
    assert (folder / "pipe").is_fifo()


@pytest.fixture
def _no_end_by_sigterm() -> Iterator[None]:
    """Let SIGTERM fail the test instead of ending its process."""

    def fail(*_: object) -> None:
        raise AssertionError("SIGTERM would end the command")

    previous = signal.signal(signal.SIGTERM, fail)
    yield
    signal.signal(signal.SIGTERM, previous)


@pytest.mark.usefixtures("_no_end_by_sigterm")
@pytest.mark.parametrize(
    "error", [KeyboardInterrupt, signal.SIGTERM, OSError(28, "No space left on device")]
)
@pytest.mark.parametrize("step", ["fsync", "link"])
def test_an_interrupted_run_leaves_no_file(
    emulator: Emulator,
    folder: Path,
    run_import: Import,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    error: Any,
) -> None:
    """The second file fails, when the first one has been written or even has its name."""
    emulator.add_runner("runner-prod")
    original, calls = getattr(new_files.os, step), []

    def fail_second(*arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) == 2 and error is signal.SIGTERM:
            signal.raise_signal(error)
        if len(calls) == 2:
            raise error
        original(*arguments)

    monkeypatch.setattr(new_files.os, step, fail_second)
    status, _, errors = run_import("--output", "x.json", "--program", "x.py")
    assert status == (1 if isinstance(error, OSError) else 130)
    assert errors.count("\n") == 1
    assert list(folder.iterdir()) == []


def test_nothing_is_written_if_the_table_cannot_be_shown(emulator: Emulator, folder: Path) -> None:
    emulator.add_runner("runner-prod")
    command = [sys.executable, "-m", "kubiya_pulumi", "import", "--output", "x.json"]
    with Path("/dev/full").open("w") as full:
        failed = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert failed.returncode == 2
    assert failed.stderr == "import: the output cannot be written: No space left on device.\n"
    assert list(folder.iterdir()) == []


def test_a_file_that_appears_meanwhile_is_not_replaced(
    emulator: Emulator, folder: Path, run_import: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.add_runner("runner-prod")
    original = new_files.os.link

    def link(source: Path, target: str) -> None:
        if target == "x.py":
            (folder / target).write_text("mine")
        original(source, target)

    monkeypatch.setattr(new_files.os, "link", link)
    status, _, errors = run_import("--output", "x.json", "--program", "x.py")
    assert (status, errors[:28]) == (1, "import: the file x.py exists")
    assert [path.name for path in folder.iterdir()] == ["x.py"]
    assert (folder / "x.py").read_text() == "mine"


PULUMI = """#!/bin/sh
case "$1" in
version) echo {version} ;;
whoami) exit {whoami} ;;
config) {config} ;;
stack) cat state ;;
esac
"""


def write_pulumi(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    version: str = "v3.300.1",
    whoami: int = 0,
    config: str = "cat config",
    state: object = None,
) -> None:
    """Put a `pulumi` command on PATH whose responses are files."""
    bin_ = folder / "bin"
    bin_.mkdir()
    (bin_ / "pulumi").write_text(PULUMI.format(version=version, whoami=whoami, config=config))
    (bin_ / "pulumi").chmod(0o755)
    (folder / "state").write_text(json.dumps({"version": 3, "deployment": state}))
    monkeypatch.setenv("PATH", f"{bin_}:/usr/bin:/bin")


def test_the_settings_and_resources_of_a_stack_are_used(
    emulator: Emulator, folder: Path, run_import: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "taken"):
        emulator.add_runner(name)
    monkeypatch.delenv("KUBIYA_API_KEY")
    monkeypatch.delenv("KUBIYA_BASE_URL")
    settings = {
        "kubiya:apiKey": {"value": emulator.api_key, "secret": True},
        "kubiya:baseUrl": {"value": emulator.url, "secret": False},
        "test:list": {"value": "[]", "objectValue": [], "secret": False},
    }
    (folder / "config").write_text(json.dumps(settings))
    urn = f"urn:pulumi:dev::test::{RUNNER.type_token}"
    managed = [
        {"urn": f"{urn}::other-name", "type": RUNNER.type_token, "id": "a"},
        {"urn": f"{urn}::b", "type": RUNNER.type_token, "id": "b", "external": True},
        {"urn": "urn:pulumi:dev::test::my:Component$my:Part::taken", "type": "my:Part", "id": "x"},
    ]
    write_pulumi(folder, monkeypatch, state={"resources": managed})
    status, output, errors = run_import("[at]*", "--stack", "dev", "--output", "x.json")
    assert (status, errors) == (0, 'import: "a" is in the stack already, and left out.\n')
    assert [entry["name"] for entry in resources(folder / "x.json")] == ["taken"]
    assert "--generate-code=false --protect=false --stack dev\n" in output
    for arguments, problem in (
        (["a"], 'the runner "a" is in the stack already, as the resource "other-name"'),
        (["[a]"], "all of these runners are in the stack already"),
        (["b"], 'the stack has another resource of the type Runner with the name "b"'),
    ):
        status, output, errors = run_import(*arguments, "--stack", "dev", "--output", "y.json")
        assert (status, output, errors.count("\n")) == (1, "", 1)
        assert errors.startswith(f"import: {problem}")
    assert not (folder / "y.json").exists()


@pytest.mark.parametrize(
    ("pulumi", "problem"),
    [
        ({"version": "v3.253.9"}, "the Pulumi CLI 3.253 is too old"),
        ({"version": "nothing"}, "`pulumi version` prints no version"),
        ({"whoami": 255}, "the Pulumi CLI is not logged in to a backend: run `pulumi login`"),
        (
            {"config": "echo 'error: no stack named x found' >&2; exit 1"},
            'the stack "x" cannot be read, because `pulumi config --show-secrets --json --stack x` '
            "failed: no stack named x found.",
        ),
        ({"config": "exit 3"}, 'the stack "x" cannot be read'),
        ({"config": "echo []"}, "`pulumi config --show-secrets --json` printed no JSON object"),
        ({"config": "echo {}"}, "kubiya:apiKey (or KUBIYA_API_KEY) is missing"),
        (None, "the Pulumi CLI cannot be run"),
    ],
)
def test_a_stack_that_cannot_be_read_is_refused(
    folder: Path,
    run_import: Import,
    monkeypatch: pytest.MonkeyPatch,
    pulumi: dict[str, Any] | None,
    problem: str,
) -> None:
    monkeypatch.delenv("KUBIYA_API_KEY")
    if pulumi is None:
        monkeypatch.setenv("PATH", str(folder))
    else:
        write_pulumi(folder, monkeypatch, **pulumi)
    status, output, errors = run_import("--stack", "x", "--output", "x.json")
    assert (status, output, errors.count("\n")) == (1, "", 1)
    assert errors.startswith(f"import: {problem}")
    assert not (folder / "x.json").exists()


def test_the_minimum_version_is_that_of_the_readme() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    assert ".".join(map(str, MINIMUM_VERSION)) in readme


def test_without_the_extra_no_file_is_written(
    emulator: Emulator, folder: Path, run_import: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.add_runner("runner-prod")
    monkeypatch.delitem(sys.modules, "kubiya_pulumi.cli.import_table", raising=False)
    monkeypatch.setitem(sys.modules, "rich", None)
    for name in [name for name in sys.modules if name.startswith("rich.")]:
        monkeypatch.delitem(sys.modules, name)
    assert run_import("--output", "runners.json") == (
        1,
        "",
        "import: the table requires an extra: pip install 'kubiya-pulumi[cli]'\n",
    )
    assert list(folder.iterdir()) == []
