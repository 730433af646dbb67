"""The settings and stacks that some examples need."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Setup:
    """What the README of an example requires, in addition to the API key."""

    config: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    builds_on: str | None = None
    """The example whose stack `dev` must exist in the same backend."""


def setup_of(example: str, kubeconfig: Path) -> Setup:
    """Return what an example needs, for the cluster of a kubeconfig."""
    clusters = {"staging": kubeconfig.read_text(), "prod": kubeconfig.read_text()}
    return {
        "consumer": Setup(
            config={"platform": "organization/platform/dev"},
            builds_on="platform",
        ),
        "environments": Setup(
            config={"environments": json.dumps({"staging": "for tries", "prod": "for all"})},
            secrets={"kubeconfigs": json.dumps(clusters)},
        ),
    }.get(example, Setup())
