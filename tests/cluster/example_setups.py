"""What some examples need before they can come up; the others need nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Setup:
    """What an example's README asks its user for, beyond the API key."""

    config: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    builds_on: str | None = None
    """The example whose stack `dev` has to be up before, in the same backend."""


def setup_of(example: str, kubeconfig: Path) -> Setup:
    """The set-up of an example in the cluster of that kubeconfig."""
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
