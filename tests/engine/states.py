"""Read states and previews, without the details that differ between commands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.harness.engine import Stack

RUNNER = "pulumi-python:dynamic/kubiya:Runner"
MANIFEST = "pulumi-python:dynamic/kubiya:RunnerManifest"

_METADATA = frozenset(
    {"created", "modified", "sourcePosition", "stackTrace", "propertyDependencies"}
)
"""Fields that the engine records for each command: times and source positions. A refresh that
fails also removes the property dependencies."""

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"


def state(stack: Stack) -> list[dict[str, Any]]:
    """Return the resources in the state in a form that can be compared, without metadata.

    Secrets are in plain text, because every command encrypts them with a new nonce. Providers are
    omitted, because they only contain settings.
    """
    result = stack.run("stack", "export", "--show-secrets")
    stack.results.remove(result)  # These secrets were requested and are not a leak.
    return [
        {name: value for name, value in resource.items() if name not in _METADATA}
        for resource in json.loads(result.stdout)["deployment"].get("resources", [])
        if not resource["type"].startswith("pulumi:providers:")
    ]


def step(preview: Mapping[str, Any], type_: str) -> dict[str, Any]:
    """Return the single step of `pulumi preview --json` for a type, except for refresh steps."""
    [match] = [
        candidate
        for candidate in preview["steps"]
        if f"::{type_}::" in candidate["urn"] and candidate["op"] != "refresh"
    ]
    return dict(match)


def outputs(stack: Stack, type_: str) -> dict[str, Any]:
    """Return the outputs of the single resource of a type in the state."""
    [resource] = stack.resources(type_)
    return dict(resource["outputs"])


def is_secret(value: object) -> bool:
    """Return whether a value in the state is an encrypted secret."""
    return isinstance(value, dict) and value.get(_SIGNATURE) == _SECRET and "ciphertext" in value
