"""The files for contributors and hosted workflows are valid and match the project."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness.toolchain import ROOT, tool

GITHUB = ROOT / ".github"
WORKFLOWS = sorted(GITHUB.glob("workflows/*.yml"))
SCHEMAS = {
    "dependabot": [GITHUB / "dependabot.yml"],
    "github-issue-config": [GITHUB / "ISSUE_TEMPLATE/config.yml"],
    "github-issue-forms": [
        GITHUB / "ISSUE_TEMPLATE/bug.yml",
        GITHUB / "ISSUE_TEMPLATE/feature.yml",
    ],
    "github-workflows": WORKFLOWS,
}
PAGES = ("CONTRIBUTING.md", "DESIGN.md", "README.md", "RELEASING.md", "SECURITY.md")

pytestmark = pytest.mark.skipif(
    not GITHUB.exists(), reason="the source distribution has no files for GitHub"
)


def jobs(workflow: Path) -> dict[str, dict[str, Any]]:
    return dict(yaml.safe_load(workflow.read_text())["jobs"])


def pythons() -> list[str]:
    """Return the versions of Python that the metadata names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    classifiers = " ".join(project["classifiers"])
    return re.findall(r"Python :: (3\.\d+)", classifiers)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_each_file_matches_the_schema_of_the_service(schema: str) -> None:
    process = subprocess.run(
        [tool("check-jsonschema"), f"--builtin-schema=vendor.{schema}", *SCHEMAS[schema]],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert process.returncode == 0, process.stdout + process.stderr


@pytest.mark.tools
def test_actionlint_accepts_the_workflows() -> None:
    process = subprocess.run(
        [tool("actionlint"), "-shellcheck=", "-pyflakes=", *WORKFLOWS],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert process.returncode == 0, process.stdout + process.stderr


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_each_workflow_pins_its_actions_and_limits_its_permissions(workflow: Path) -> None:
    text = workflow.read_text()
    uses = re.findall(r"^ *(?:- )?uses: (.*)$", text, re.MULTILINE)
    for action in uses:
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)
    assert yaml.safe_load(text)["permissions"] == {}
    for job in jobs(workflow).values():
        assert "timeout-minutes" in job
        assert "contents" not in job["permissions"] or job["permissions"]["contents"] == "read"
        for step in job["steps"]:
            if "actions/checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False
                assert step["with"].keys() <= {"persist-credentials", "ref", "path"}


def test_only_the_job_that_publishes_can_get_a_token_and_it_runs_no_command() -> None:
    [release] = [workflow for workflow in WORKFLOWS if workflow.stem == "release"]
    with_token = {
        name: job for name, job in jobs(release).items() if "id-token" in job["permissions"]
    }
    assert with_token.keys() == {"publish"}
    assert all("run" not in step for step in with_token["publish"]["steps"])
    assert with_token["publish"]["environment"] == "pypi"


def test_the_workflows_run_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    used = {
        target
        for file in [*WORKFLOWS, ROOT / "CONTRIBUTING.md", ROOT / "RELEASING.md"]
        for target in re.findall(r"(?:run: |^|`)make ([a-z]+)", file.read_text(), re.MULTILINE)
    }
    assert used >= {"check", "unit", "test", "dist", "docs"}
    assert used <= targets


def test_every_supported_python_is_tested() -> None:
    [ci] = [workflow for workflow in WORKFLOWS if workflow.stem == "ci"]
    supported = pythons()
    assert jobs(ci)["unit"]["strategy"]["matrix"]["python"] == supported
    bounds = jobs(ci)["bounds"]["strategy"]["matrix"]["include"]
    assert bounds == [
        {"session": "lowest", "python": supported[0]},
        {"session": "newest", "python": supported[-1]},
    ]
    [installed] = [
        step["with"]["python-version"].split()
        for step in jobs(ci)["test"]["steps"]
        if step.get("uses", "").startswith("actions/setup-python@")
    ]
    assert {supported[0], supported[-1]} <= set(installed)
    [nox] = [step["run"] for step in jobs(ci)["test"]["steps"] if "nox" in step.get("run", "")]
    assert nox.endswith("--error-on-missing-interpreters --session lowest newest -- -m lifecycle")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == f">={supported[0]}"


def test_dependabot_knows_every_kind_of_pin() -> None:
    updates = yaml.safe_load((GITHUB / "dependabot.yml").read_text())["updates"]
    kinds = {update["package-ecosystem"] for update in updates}
    assert kinds == {"pip", "github-actions", "gomod", "npm"}


@pytest.mark.parametrize("page", PAGES)
def test_the_links_of_each_page_lead_to_files(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", (ROOT / page).read_text()):
        if not re.match(r"[a-z]+:", target):
            assert (ROOT / target).exists(), target
