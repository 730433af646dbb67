"""The lifecycle of a runner's downloaded manifest.

The manifest is a copy in the state: the API gets nothing and loses nothing.

A refresh reports a difference only between what it reads and the *inputs* in the state. So `read`
puts the hash of what it downloaded among the inputs, and `check` keeps it there when the program
runs. Before the first refresh the inputs contain no hash, so `diff` compares that of the
content with `previous_sha256` in the state.

`review` is imported as a package, which loads its rules on first use: programs do not need them.
"""

from __future__ import annotations

import logging
from collections.abc import Set
from dataclasses import replace

from kubiya_pulumi import review
from kubiya_pulumi.api import RunnersApi
from kubiya_pulumi.api.error_advice import BASE_URL_SETTING
from kubiya_pulumi.declarations import (
    RUNNER_MANIFEST,
    RunnerManifestInputs,
    RunnerManifestState,
)
from kubiya_pulumi.dynamic.handler import ResourceDiff, StateOnlyHandler
from kubiya_pulumi.dynamic.properties import PropertyMap
from kubiya_pulumi.lifecycle.errors import RunnerGoneError
from kubiya_pulumi.lifecycle.last_seen import first_seen, require_seen_here
from kubiya_pulumi.lifecycle.lookup import none_if_deleted

_log = logging.getLogger(__name__)


class RunnerManifestHandler(
    StateOnlyHandler[RunnersApi, RunnerManifestInputs, RunnerManifestState]
):
    """Downloads the manifest of a runner and checks that it is a Kubernetes manifest."""

    declaration = RUNNER_MANIFEST

    def diff(self, state: PropertyMap, inputs: PropertyMap, unknown: Set[str]) -> ResourceDiff:
        """Compare the state with the inputs, and report content that a first refresh changed."""
        diff = super().diff(state, inputs, unknown)
        changed = state.get("previous_sha256", state.get("sha256")) != state.get("sha256")
        if changed and "sha256" not in inputs:
            return replace(diff, updates=("sha256",))
        return diff

    def create(self, api: RunnersApi, inputs: RunnerManifestInputs) -> RunnerManifestState:
        """Download the manifest.

        Raises:
            RunnerGoneError: the runner does not exist.
            ManifestError: the download is not a Kubernetes manifest.
            KubiyaError: a request failed; see `RunnersApi`.
        """
        name = inputs.runner
        state = none_if_deleted(api, name, lambda: _download_state(api, name))
        if state is None:
            raise RunnerGoneError(
                f'the manifest of runner "{name}" was not downloaded: the runner does not exist. '
                "Create it with KubiyaRunner and pass runner.id, or correct the name."
            )
        return replace(state, expected_sha256=inputs.expected_sha256)

    def read(self, api: RunnersApi, state: RunnerManifestState) -> RunnerManifestState | None:
        """Download the current manifest, so that a refresh shows a change upstream.

        A pinned manifest stays in the state, because the service has only the newest one.

        Raises:
            RunnerElsewhereError: the runner is missing, but was last seen with other settings.
            ManifestError: the download is not a Kubernetes manifest.
            KubiyaError: a request failed; see `RunnersApi`.
        """
        name = state.runner
        current = none_if_deleted(api, name, lambda: _download_state(api, name))
        if current is None:
            require_seen_here(api, name, state.last_seen)
            return None
        current = replace(current, expected_sha256=state.expected_sha256)
        pinned = pinned_text(state.expected_sha256, state.content, state.pinned_content)
        if pinned is not None and pinned != current.content:
            current = replace(current, pinned_content=pinned)
        if state.sha256 in ("", current.sha256):
            return current
        if current.pinned_content is not None:
            _log.warning(
                'The manifest of runner "%s" has changed: its SHA-256 is %s. The stack keeps the '
                "one that expected_sha256 pins. To apply the new one, review it with "
                "`kubiya-pulumi review --runner`, then set expected_sha256 to its SHA-256.",
                name,
                current.sha256,
            )
        return replace(current, previous_sha256=state.sha256)

    def update(
        self,
        api: RunnersApi,  # noqa: ARG002
        state: RunnerManifestState,
        inputs: RunnerManifestInputs,
    ) -> RunnerManifestState:
        """Keep the manifest: a refresh has updated it already."""
        return replace(state, expected_sha256=inputs.expected_sha256)


def pinned_text(expected_sha256: str | None, *texts: str | None) -> str | None:
    """Return the text whose SHA-256 is the expected one, or None.

    Args:
        expected_sha256: the SHA-256. White space around it and upper case are ignored.
        texts: manifests; None for one that does not exist.
    """
    expected = (expected_sha256 or "").strip().lower()
    return next((text for text in texts if text and review.sha256_of(text) == expected), None)


def download(api: RunnersApi, name: str) -> tuple[str, str | None]:
    """Return the text of a runner's manifest, and its URL if there is one.

    The response to the manifest operation contains the text, or the URL to download it from.
    """
    manifest = api.get_runner_manifest(name)
    text, url = manifest.manifest_content, manifest.manifest_url
    if text is None:
        text = api.download_manifest(url or "", runner=name)
    return text, url


def _download_state(api: RunnersApi, name: str) -> RunnerManifestState:
    text, url = download(api, name)
    try:
        objects = review.parse_manifest(text)
        result = review.review(objects)
    except review.ManifestError as error:
        raise review.ManifestError(
            f'the manifest of runner "{name}" {error}. Nothing was applied. Check '
            f"{BASE_URL_SETTING}, and the manifest that the service returns for this runner."
        ) from None
    return RunnerManifestState(
        runner=name,
        sha256=review.sha256_of(text),
        content=text,
        url=url,
        objects=[
            {
                "apiVersion": item.api_version,
                "kind": item.kind,
                "namespace": item.namespace,
                "name": item.name,
            }
            for item in objects
        ],
        images=list(result.images),
        review=result.to_dict(),
        last_seen=first_seen(api.place, None),
    )
