"""RunnerManifest: the downloaded manifest of a runner."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi.dynamic import Resource

from kubiya_pulumi.admission import admitted, hash_of
from kubiya_pulumi.lifecycle.providers import RunnerManifestProvider
from kubiya_pulumi.review import ManifestPolicy, ManifestPolicyError

_REPORT_ALL = ManifestPolicy()


class RunnerManifest(Resource, module="kubiya", name="RunnerManifest"):
    """The Kubernetes manifest of an existing runner, downloaded once and kept in the state.

    What is kept is what is applied: `pulumi up` without a change calls the API not at all, and
    the text is known in every preview. A manifest that changed upstream comes in by
    `pulumi refresh`, which shows the difference, and the next `pulumi up` applies it.

    It is reviewed whenever the program runs, before anything reaches the cluster: what `rules`
    deny, and a text that is not the one of the pin `sha256`, ends the preview or the update with
    one message; everything else that is found is a warning.

    Source: `GET /v1/runners/{runner}/manifest`, and the URL in its answer where that has no
    content.
    """

    runner: pulumi.Output[str]
    """The runner's name at the API."""
    content: pulumi.Output[str]
    """The manifest: multi-document Kubernetes YAML. A secret: it holds credentials.

    What is to be applied is taken from here: `url` and the text behind it were not reviewed."""
    sha256: pulumi.Output[str]
    """SHA-256 of `content` in UTF-8, as 64 hexadecimal digits."""
    url: pulumi.Output[str | None]
    """Where it was offered for download: a secret, for no key is asked for there."""
    objects: pulumi.Output[list[dict[str, str]]]
    """The objects in it, in order, each with `apiVersion`, `kind`, `namespace` and `name`.

    `namespace` is empty where the manifest gives none."""
    images: pulumi.Output[list[str]]
    """The container images that it runs, each once, sorted."""
    review: pulumi.Output[dict[str, Any] | None]
    """What a review without any rules found, as plain data: `Review.from_dict` reads it. It holds
    no secret. None in a stack of version 0.1 until its next refresh."""

    def __init__(
        self,
        resource_name: str,
        *,
        runner: pulumi.Input[str],
        rules: ManifestPolicy | None = None,
        sha256: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the manifest of a runner.

        Args:
            resource_name: Pulumi's name for the resource.
            runner: the runner's name: pass `runner.id`, which stays known in previews.
            rules: what the review denies, and what it lets pass. Default: nothing is denied.
            sha256: a pin: SHA-256 of the only manifest that may be applied, as 64 hexadecimal
                digits. Default: none.
            opts: options of the resource.

        The preview and the update end, with the cluster as it was, if the manifest is not the
        one of the pin or holds what the rules deny (`ManifestRefusedError`). A pin that is no
        SHA-256 and rules of another type (`ManifestPolicyError`) end them before that.

        `pulumi up` fails, with the state as it was, if there is no such runner
        (`RunnerGoneError`), what is downloaded is no Kubernetes manifest (`ManifestError`), or
        the API refuses (`ApiError`) or does not answer (`TransportError`).
        """
        if rules is not None and not isinstance(rules, ManifestPolicy):
            raise ManifestPolicyError(
                f'the rules of "{resource_name}" have to be ManifestPolicy, such as '
                'ManifestPolicy(deny=["full-access"])'
            )
        if isinstance(sha256, str):
            hash_of(sha256, f'"{resource_name}"')
        props = {
            "runner": runner,
            "content": None,
            "sha256": None,
            "url": None,
            "objects": None,
            "images": None,
            "review": None,
        }
        secret = pulumi.ResourceOptions(additional_secret_outputs=["content", "url"])
        super().__init__(
            RunnerManifestProvider(),
            resource_name,
            props,
            pulumi.ResourceOptions.merge(secret, opts),
        )
        self.content = pulumi.Output.all(text=self.content, runner=self.runner, pin=sha256).apply(
            lambda known: admitted(**known, rules=rules or _REPORT_ALL, resource=self)
        )
