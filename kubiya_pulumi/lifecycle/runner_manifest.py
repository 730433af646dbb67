"""The lifecycle of a runner's downloaded manifest.

The manifest is a copy in the state: the API gets nothing and loses nothing.

A refresh reports a difference only between what it reads and the *inputs* in the state. So `read`
puts the hash of what it downloaded among the inputs, and `check` keeps it there when the program
runs. Before the first refresh the inputs contain no hash; `previous_sha256` in the state tells it
what the hash was.

`review` is used by its module, which loads its rules on first use: programs do not need them.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from kubiya_pulumi import review
from kubiya_pulumi.api import RunnersApi
from kubiya_pulumi.declarations import (
    RUNNER_MANIFEST,
    RunnerManifestInputs,
    RunnerManifestState,
)
from kubiya_pulumi.dynamic.handler import ResourceDiff, StateOnlyHandler
from kubiya_pulumi.dynamic.properties import PropertyMap
from kubiya_pulumi.lifecycle.errors import RunnerGoneError
from kubiya_pulumi.lifecycle.lookup import none_if_deleted


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
        return state

    def read(self, api: RunnersApi, state: RunnerManifestState) -> RunnerManifestState | None:
        """Download the current manifest, so that a refresh shows a change upstream."""
        name = state.runner
        current = none_if_deleted(api, name, lambda: _download_state(api, name))
        if current is None or state.sha256 in ("", current.sha256):
            return current
        return replace(current, previous_sha256=state.sha256)

    def update(
        self,
        api: RunnersApi,  # noqa: ARG002
        state: RunnerManifestState,
        inputs: RunnerManifestInputs,  # noqa: ARG002
    ) -> RunnerManifestState:
        """Keep the state: a refresh has updated it already."""
        return state


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
            f'the manifest of runner "{name}" {error}. Nothing was applied. Check kubiya:baseUrl '
            "(or KUBIYA_BASE_URL), and the manifest that the service returns for this runner."
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
    )
