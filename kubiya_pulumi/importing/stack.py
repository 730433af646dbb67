"""The stack that takes the runners in, as the user's own `pulumi` command shows it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kubiya_pulumi.declarations import RUNNER
from kubiya_pulumi.importing.errors import ImportRefusedError
from kubiya_pulumi.text import sanitize

MINIMUM_VERSION = (3, 254)
"""The first version of the Pulumi CLI that imports a resource with its whole state."""
_ROOT = "pulumi:pulumi:Stack$"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack: its settings, and the names that its resources have."""

    name: str
    """The name, as the user gave it."""
    settings: Mapping[str, Any] = field(repr=False)
    """The decrypted settings by their full names. They are secrets."""
    resources: frozenset[tuple[str, str]]
    """The type and the name of each resource without a parent."""
    runners: Mapping[str, str]
    """The name of the resource that manages each runner, by the runner's name."""


def read_stack(name: str) -> Stack:
    """Read a stack of the project in the working directory.

    Args:
        name: the name of the stack, as for `pulumi --stack`.

    Raises:
        ImportRefusedError: the Pulumi CLI is not installed, too old, or not logged in to a
            backend, or it cannot read the stack.
    """
    _require_version()
    if _run("whoami").returncode:
        raise ImportRefusedError(
            "the Pulumi CLI is not logged in to a backend: run `pulumi login`, or omit --stack."
        )
    settings = _read(name, "config", "--show-secrets", "--json")
    deployment = _read(name, "stack", "export").get("deployment") or {}
    managed = [resource for resource in deployment.get("resources") or () if "urn" in resource]
    return Stack(
        name=name,
        settings={key: item.get("value") for key, item in settings.items()},
        resources=frozenset(_type_and_name(resource["urn"]) for resource in managed),
        runners={
            resource["id"]: _type_and_name(resource["urn"])[1]
            for resource in managed
            if resource.get("type") == RUNNER.type_token
            and not resource.get("external")
            and "id" in resource
        },
    )


def _type_and_name(urn: str) -> tuple[str, str]:
    types, _, name = urn.split("::", 2)[2].partition("::")
    return types.removeprefix(_ROOT), name


def _require_version() -> None:
    match = re.match(r"v?(\d+)\.(\d+)", _run("version").stdout)
    if match is None:
        raise ImportRefusedError("`pulumi version` prints no version: install the Pulumi CLI.")
    if (int(match[1]), int(match[2])) < MINIMUM_VERSION:
        minimum = ".".join(map(str, MINIMUM_VERSION))
        raise ImportRefusedError(
            f"the Pulumi CLI {match[0].removeprefix('v')} is too old to import a resource with its "
            f"whole state: install version {minimum} or newer."
        )


def _read(stack: str, *arguments: str) -> dict[str, Any]:
    result = _run(*arguments, "--stack", stack)
    if result.returncode:
        errors = re.findall("^error: (.+)$", result.stderr, re.MULTILINE)
        reason = sanitize(errors[-1]) if errors else "run the same command to see why"
        command = f"pulumi {' '.join(arguments)} --stack {sanitize(stack)}"
        raise ImportRefusedError(
            f'the stack "{sanitize(stack)}" cannot be read, because `{command}` failed: '
            f"{reason.rstrip('.')}."
        )
    try:
        content = json.loads(result.stdout)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise ImportRefusedError(
            f"`pulumi {' '.join(arguments)}` printed no JSON object: update the Pulumi CLI."
        )
    return content


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color=never"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError:
        raise ImportRefusedError(
            "the Pulumi CLI cannot be run: install `pulumi` and add it to PATH, or omit --stack "
            "and set KUBIYA_API_KEY."
        ) from None
