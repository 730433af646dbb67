"""What a state and a preview say, without what differs from command to command."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.harness.engine import Stack

RUNNER = "pulumi-python:dynamic/kubiya:Runner"
MANIFEST = "pulumi-python:dynamic/kubiya:RunnerManifest"

_NOTES = frozenset({"created", "modified", "sourcePosition", "stackTrace", "propertyDependencies"})
"""What the engine notes down of a command: times, places in the program; a refresh that fails
drops which input came from where."""

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"


def state(stack: Stack) -> list[dict[str, Any]]:
    """The resources in the state, to be compared: all but the engine's notes.

    Secrets are in plain text, since every command encrypts them anew. The engine's own
    providers are left out: they hold the settings, not what was made.
    """
    shown = stack.run("stack", "export", "--show-secrets")
    stack.results.remove(shown)  # They were asked for, so they are no leak.
    return [
        {name: value for name, value in resource.items() if name not in _NOTES}
        for resource in json.loads(shown.stdout)["deployment"].get("resources", [])
        if not resource["type"].startswith("pulumi:providers:")
    ]


def step(preview: Mapping[str, Any], type_: str) -> dict[str, Any]:
    """The one step of `pulumi preview --json` for a resource of that type, not its refresh."""
    steps = [each for each in preview["steps"] if f"::{type_}::" in each["urn"]]
    [found] = [each for each in steps if each["op"] != "refresh"]
    return dict(found)


def outputs(stack: Stack, type_: str) -> dict[str, Any]:
    """The outputs in the state of the one resource of that type."""
    [resource] = stack.resources(type_)
    return dict(resource["outputs"])


def is_secret(value: object) -> bool:
    """Whether a value in the state is an encrypted secret."""
    return isinstance(value, dict) and value.get(_SIGNATURE) == _SECRET and "ciphertext" in value
