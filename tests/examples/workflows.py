"""Parse the commands in the workflows of `examples/pr-check`, and in the one of this repository."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.harness.toolchain import ROOT

FOLDER = ROOT / "examples" / "pr-check"
GITHUB = FOLDER / "github-actions.yml"
GITLAB = FOLDER / "gitlab-ci.yml"
OWN = ROOT / ".github" / "workflows" / "preview.yml"
"""The workflow that previews the example for the pull requests of this repository."""

_EXPRESSION = re.compile(r"\$\{\{ *(.*?) *\}\}")


def read(file: Path) -> dict[str, Any]:
    """Parse a workflow. YAML 1.1 reads the key `on` as a boolean, GitHub as a string."""
    return {
        "on" if key is True else key: value
        for key, value in yaml.safe_load(file.read_text()).items()
    }


@dataclass(frozen=True)
class Command:
    """A command that a service runs."""

    shell: str
    env: dict[str, str]
    """The variables that the workflow sets, in addition to those of the service."""
    folder: str = "."
    """The working directory, relative to the root of the repository."""


def github_commands(workflow: Path = GITHUB, **values: str) -> dict[str, Command]:
    """Return the commands of a GitHub workflow by step.

    Args:
        workflow: the file.
        values: the values of expressions, such as `github_token` for `github.token`.
    """
    [job] = read(workflow)["jobs"].values()

    def expand(text: str) -> str:
        return _EXPRESSION.sub(lambda match: values[match[1].replace(".", "_")], str(text))

    return {
        step["name"]: Command(
            step["run"],
            {name: expand(value) for name, value in step.get("env", {}).items()},
            step.get("working-directory", "."),
        )
        for step in job["steps"]
        if "run" in step
    }


def gitlab_commands() -> dict[str, Command]:
    """Return the commands of the GitLab pipeline by job, without `before_script`."""
    return {
        name: Command("\n".join(job["script"]), job.get("variables", {}))
        for name, job in read(GITLAB).items()
        if isinstance(job, dict) and "script" in job
    }
