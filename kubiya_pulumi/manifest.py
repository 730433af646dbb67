"""RunnerManifest: the downloaded manifest of a runner."""

from __future__ import annotations

import pulumi
from pulumi.dynamic import Resource

from kubiya_pulumi.lifecycle.providers import RunnerManifestProvider


class RunnerManifest(Resource, module="kubiya", name="RunnerManifest"):
    """The Kubernetes manifest of an existing runner, downloaded once and kept in the state.

    What is kept is what is applied: `pulumi up` without a change calls the API not at all, and
    the text is known in every preview. A manifest that changed upstream comes in by
    `pulumi refresh`, which shows the difference, and the next `pulumi up` applies it.

    Source: `GET /v1/runners/{runner}/manifest`, and the URL in its answer where that has no
    content.
    """

    runner: pulumi.Output[str]
    """The runner's name at the API."""
    content: pulumi.Output[str]
    """The manifest: multi-document Kubernetes YAML. A secret: it holds credentials."""
    sha256: pulumi.Output[str]
    """SHA-256 of `content` in UTF-8, as 64 hexadecimal digits."""
    url: pulumi.Output[str | None]
    """Where it was offered for download: a secret, for no key is asked for there."""
    objects: pulumi.Output[list[dict[str, str]]]
    """The objects in it, in order, each with `apiVersion`, `kind`, `namespace` and `name`.

    `namespace` is empty where the manifest gives none."""
    images: pulumi.Output[list[str]]
    """The container images that it runs, each once, sorted."""

    def __init__(
        self,
        resource_name: str,
        *,
        runner: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the manifest of a runner.

        Args:
            resource_name: Pulumi's name for the resource.
            runner: the runner's name: pass `runner.id`, which stays known in previews.
            opts: options of the resource.

        `pulumi up` fails, with the state as it was, if there is no such runner
        (`RunnerGoneError`), what is downloaded is no Kubernetes manifest (`ManifestError`), or
        the API refuses (`ApiError`) or does not answer (`NoAnswerError`).
        """
        props = {
            "runner": runner,
            "content": None,
            "sha256": None,
            "url": None,
            "objects": None,
            "images": None,
        }
        secret = pulumi.ResourceOptions(additional_secret_outputs=["content", "url"])
        super().__init__(
            RunnerManifestProvider(),
            resource_name,
            props,
            pulumi.ResourceOptions.merge(secret, opts),
        )
