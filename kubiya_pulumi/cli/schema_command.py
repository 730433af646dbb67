"""The command `schema`: print the Pulumi package schema of the resources."""

from __future__ import annotations

import argparse
import json
from typing import Any

from kubiya_pulumi.cli.files import write_text
from kubiya_pulumi.config import SETTINGS
from kubiya_pulumi.declarations import RUNNER, RUNNER_HEALTH, RUNNER_MANIFEST
from kubiya_pulumi.dynamic.package_schema import (
    camel_case,
    component_schema,
    function_schema,
    resource_schema,
)
from kubiya_pulumi.dynamic.properties import ResourceDeclaration
from kubiya_pulumi.package_declarations import FUNCTIONS, RUNNER_DEPLOYMENT
from kubiya_pulumi.version import VERSION

_RESOURCES: dict[str, tuple[ResourceDeclaration[Any, Any], str]] = {
    "kubiya:index:Runner": (RUNNER, "A Kubiya runner."),
    "kubiya:index:RunnerManifest": (
        RUNNER_MANIFEST,
        "The Kubernetes manifest of an existing runner, downloaded once and kept in the state.",
    ),
    "kubiya:index:RunnerHealth": (RUNNER_HEALTH, "A gate that opens when a runner is healthy."),
}
_TYPES = {str: "string", float: "number", int: "integer"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Set the help text; the command has no arguments."""
    parser.description = (
        "Print the Pulumi package schema of the resources and functions as JSON, for a plugin or "
        "an SDK of another language."
    )


def run(options: argparse.Namespace) -> int:  # noqa: ARG001
    """Print the schema and return the exit status 0."""
    write_text(json.dumps(schema(), indent=2) + "\n")
    return 0


def schema() -> dict[str, Any]:
    """Return the Pulumi package schema of the resources, functions and settings."""
    settings = {
        setting.name.removeprefix("kubiya:"): {
            "type": _TYPES[setting.type],
            "description": setting.description,
            **({"secret": True} if setting.secret else {}),
        }
        for setting in SETTINGS
    }
    return {
        "name": "kubiya",
        "version": VERSION,
        "description": "Kubiya runners as code.",
        "config": {"variables": settings},
        "provider": {"inputProperties": settings},
        "resources": {
            token: resource_schema(declaration, description=description)
            for token, (declaration, description) in _RESOURCES.items()
        }
        | {"kubiya:index:RunnerDeployment": component_schema(RUNNER_DEPLOYMENT)},
        "functions": {
            f"kubiya:index:{camel_case(name)}": function_schema(declaration)
            for name, declaration in FUNCTIONS.items()
        },
    }
