"""The example's workflows are valid and pinned, and have minimal permissions."""

from __future__ import annotations

import re
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest
from pins import PULUMI

from tests.examples.workflows import FOLDER, GITHUB, GITLAB, read
from tests.harness.toolchain import ROOT, tool

WORKFLOWS = [GITHUB, GITLAB]


def lint(*command: str | Path) -> None:
    process = subprocess.run(
        [tool(str(command[0])), *command[1:]], capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stdout + process.stderr


@pytest.mark.tools
def test_actionlint_accepts_the_workflow() -> None:
    lint("actionlint", "-shellcheck=", "-pyflakes=", GITHUB)


@pytest.mark.tools
def test_actionlint_rejects_an_invalid_workflow(tmp_path: Path) -> None:
    invalid = tmp_path / "wrong.yml"
    invalid.write_text(GITHUB.read_text().replace("github.event.pull", "github.evnt.pull"))
    with pytest.raises(AssertionError, match="evnt"):
        lint("actionlint", invalid)


@pytest.mark.parametrize(("schema", "file"), [("github-workflows", GITHUB), ("gitlab-ci", GITLAB)])
def test_each_workflow_matches_the_schema_of_its_service(
    schema: str, file: Path, tmp_path: Path
) -> None:
    transform = ["--data-transform=gitlab-ci"] if file == GITLAB else []
    command = ("check-jsonschema", f"--builtin-schema=vendor.{schema}", *transform)
    lint(*command, file)
    invalid = tmp_path / "wrong.yml"
    invalid.write_text(re.sub(r"^( +)(run|script):", r"\1scrip:", file.read_text(), flags=re.M))
    with pytest.raises(AssertionError):
        lint(*command, invalid)


def test_actions_are_pinned_by_commit() -> None:
    uses = re.findall(r"^ *- uses: (.*)$", GITHUB.read_text(), re.MULTILINE)
    assert len(uses) == GITHUB.read_text().count("uses:") > 0
    for action in uses:
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)


def test_the_job_has_minimal_permissions() -> None:
    workflow = read(GITHUB)
    [job] = workflow["jobs"].values()
    assert workflow["on"] == "pull_request"
    assert workflow["permissions"] == {}
    assert job["permissions"] == {"contents": "read", "pull-requests": "write"}
    [checkout] = [step for step in job["steps"] if "checkout" in step.get("uses", "")]
    assert checkout["with"] == {"persist-credentials": False}


def test_each_step_has_only_the_secrets_that_it_needs() -> None:
    workflow = read(GITHUB)
    [job] = workflow["jobs"].values()
    assert "env" not in workflow
    assert "env" not in job
    secrets = {step["name"]: set(step.get("env", {})) for step in job["steps"] if "run" in step}
    assert secrets == {
        "Install": set(),
        "Preview": {"STACK", "FAIL_ON", "PULUMI_ACCESS_TOKEN"},
        "Comment": {"PULL_REQUEST", "GITHUB_TOKEN"},
    }
    environments = [read(GITLAB)[name]["environment"]["name"] for name in ("preview", "comment")]
    assert environments == ["preview", "comment"]


def test_forks_are_skipped() -> None:
    [job] = read(GITHUB)["jobs"].values()
    assert job["if"] == "github.event.pull_request.head.repo.full_name == github.repository"
    for name in ("preview", "comment"):
        pipeline = read(GITLAB)
        [rule] = pipeline[name].get("rules", pipeline[".merge-request"]["rules"])
        assert "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID" in rule["if"]


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_versions_match_the_tested_versions(file: Path) -> None:
    text = file.read_text()
    assert set(re.findall(r"pulumi-(?:version|python-[\d.]+): ?\"?([\d.]+)", text)) == {PULUMI}
    assert re.findall(r"kubiya-pulumi==(\S+)", text) == [version("kubiya-pulumi")]
    if file == GITLAB:
        pinned = (ROOT / "requirements-dev.txt").read_text()
        assert re.findall(r"requests==(\S+)", text) == re.findall(
            r"^requests==(\S+)", pinned, re.MULTILINE
        )


def test_the_readme_describes_every_file() -> None:
    readme = (FOLDER / "README.md").read_text()
    for file in FOLDER.iterdir():
        if file.suffix in {".sh", ".yml"} or file.name == "comment.py":
            assert f"| `{file.name}` |" in readme
