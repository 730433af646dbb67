"""The outputs of a runner in the state."""

from __future__ import annotations

import logging
from typing import Any

from kubiya_pulumi.api import Runner, RunnersApi
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.lifecycle.steps import Properties

log = logging.getLogger(__name__)


def outputs_of(known: Properties, runner: Runner | None) -> dict[str, Any]:
    """What the runner has now, and where the API does not say, what was known before."""
    said = (
        {}
        if runner is None
        else {
            "description": runner.description,
            "version": runner.version,
            "namespace": runner.namespace or runner.kubernetes_namespace,
            "kubernetes_namespace": runner.kubernetes_namespace or runner.namespace,
        }
    )
    merged = {**known, **{name: value for name, value in said.items() if value is not None}}
    return {"description": "", **{name: v for name, v in merged.items() if v is not None}}


def manifest_url_of(client: RunnersApi, name: str) -> str | None:
    """Where the manifest is, or None with a warning: it is worth no failure."""
    try:
        return client.get_runner_manifest(name).manifest_url
    except KubiyaError as error:
        log.warning(
            "%s The runner is there, but its manifest's URL is not known; the next "
            "`pulumi refresh` asks again.",
            error,
        )
        return None
