"""The type tokens of this package's resources, as they appear in a preview."""

from __future__ import annotations

DYNAMIC_PREFIX = "pulumi-python:dynamic/kubiya:"
"""Precedes the name of each dynamic resource."""
COMPONENT_PREFIX = "kubiya:"
"""Precedes the name of each component."""

RUNNER = f"{DYNAMIC_PREFIX}Runner"
RUNNER_MANIFEST = f"{DYNAMIC_PREFIX}RunnerManifest"

SHOWN_RUNNER_INPUTS = frozenset({"name", "description"})
"""The inputs of a runner whose values a report may show. All other inputs may hold a secret."""
