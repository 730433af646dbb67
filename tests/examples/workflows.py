"""What the workflows of `examples/pr-check` run, read from the files themselves."""

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

_EXPRESSION = re.compile(r"\$\{\{ *(.*?) *\}\}")


def read(file: Path) -> dict[str, Any]:
    """A workflow as data. `on` is a word to GitHub and a truth value to YAML 1.1."""
    return {
        "on" if key is True else key: value
        for key, value in yaml.safe_load(file.read_text()).items()
    }


@dataclass(frozen=True)
class Command:
    """A command, as its service runs it."""

    shell: str
    env: dict[str, str]
    """What the workflow sets for it, beside what the service does."""


def github_commands(**values: str) -> dict[str, Command]:
    """The commands of the GitHub workflow by step.

    Args:
        values: what an expression stands for, such as `github_token` for `github.token`.
    """
    [job] = read(GITHUB)["jobs"].values()

    def filled(text: str) -> str:
        return _EXPRESSION.sub(lambda match: values[match[1].replace(".", "_")], str(text))

    return {
        step["name"]: Command(
            step["run"], {name: filled(value) for name, value in step.get("env", {}).items()}
        )
        for step in job["steps"]
        if "run" in step
    }


def gitlab_commands() -> dict[str, Command]:
    """The commands of the GitLab pipeline by job, without those that install something."""
    return {
        name: Command("\n".join(job["script"]), job.get("variables", {}))
        for name, job in read(GITLAB).items()
        if isinstance(job, dict) and "script" in job
    }
