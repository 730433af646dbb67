"""RunnerDeployment: a runner's whole deployment in one component."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes.yaml.v2 import ConfigGroup

from kubiya_pulumi.declarations import MODULE
from kubiya_pulumi.deployment_names import TYPE, part_name
from kubiya_pulumi.dynamic.resource_options import check_options, with_module_provider
from kubiya_pulumi.object_owners import warn_about_other_owners
from kubiya_pulumi.review import ManifestPolicy
from kubiya_pulumi.runner import KubiyaRunner
from kubiya_pulumi.runner_health import RunnerHealth
from kubiya_pulumi.runner_manifest import RunnerManifest
from kubiya_pulumi.shared_objects import SHARED_KINDS, keep_shared_objects

_OUTPUTS = ("runner_name", "namespace", "manifest_sha256", "manifest_url", "version", "status")


class RunnerDeployment(pulumi.ComponentResource):
    """A runner with its manifest, its objects in the cluster, and a wait until it is healthy.

    The objects are created in the cluster of the Kubernetes provider in `opts`, or of the default
    provider. A `KubiyaProvider` in `opts` applies as well:

        RunnerDeployment("runner-prod", opts=pulumi.ResourceOptions(providers=[cluster]))

    Options such as `transforms` apply to the objects as in every component. The parts are
    destroyed in reverse order: health, objects, manifest, runner. Namespaces and
    CustomResourceDefinitions stay in the cluster, because other deployments may use them.
    A warning names objects that belong to a Helm release or another Pulumi stack as well.
    """

    runner: KubiyaRunner
    """The runner."""
    manifest: RunnerManifest
    """The runner's manifest."""
    objects: ConfigGroup
    """The manifest's objects in the cluster."""
    health: RunnerHealth
    """The wait until the runner is healthy."""
    runner_name: pulumi.Output[str]
    """The runner's name in Kubiya, known once the runner is healthy. Use it for tools and
    sources."""
    namespace: pulumi.Output[str | None]
    """The Kubernetes namespace of the runner's objects."""
    manifest_sha256: pulumi.Output[str]
    """SHA-256 of the downloaded manifest, as 64 hexadecimal characters."""
    manifest_url: pulumi.Output[str | None]
    """The URL of the manifest. Secret: the URL gives access without an API key."""
    version: pulumi.Output[str | None]
    """The runner's version, such as `v2`."""
    status: pulumi.Output[str | None]
    """The status that the service reports, such as `healthy`."""

    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str] | None = None,
        description: pulumi.Input[str] | None = None,
        adopt_existing: pulumi.Input[bool] | None = None,
        policy: ManifestPolicy | None = None,
        expected_sha256: pulumi.Input[str] | None = None,
        timeout_seconds: pulumi.Input[float] | None = None,
        skip_await: pulumi.Input[bool] | None = None,
        delete_namespaces: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a runner and its deployment.

        Args:
            resource_name: Pulumi's name for the component; its parts are named after it.
            name: the runner's name in Kubiya. Default: `resource_name`.
            description: what the runner is for; see `KubiyaRunner`.
            adopt_existing: whether to take over an existing runner with this name; see
                `KubiyaRunner`.
            policy: the findings that the review denies or waives; see `RunnerManifest`.
            expected_sha256: SHA-256 of the only manifest that may be applied; see
                `RunnerManifest`.
            timeout_seconds: how long to wait until the runner is healthy, in seconds. Default:
                600.
            skip_await: whether to wait only for the runner's health, and not for each object in
                the cluster. Default: False.
            delete_namespaces: whether the manifest's Namespaces and CustomResourceDefinitions are
                deleted with the other objects, including everything that other deployments have
                in them. It takes effect with the next `pulumi up`. Default: False.
            opts: options of the component. Its parts inherit those that children inherit.

        The parts raise the errors; see `KubiyaRunner`, `RunnerManifest` and `RunnerHealth`.
        """
        check_options(f'RunnerDeployment "{resource_name}"', opts, KubiyaRunner.import_advice)
        opts = with_module_provider(opts, MODULE)
        super().__init__(TYPE, resource_name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.runner = KubiyaRunner(
            part_name(resource_name, "runner"),
            name=resource_name if name is None else name,
            description=description,
            adopt_existing=adopt_existing,
            opts=child,
        )
        # Every preview knows the id, even if another property of the runner changes. A preview with
        # an unknown manifest would list every object as deleted.
        self.manifest = RunnerManifest(
            part_name(resource_name, "manifest"),
            runner=self.runner.id,
            policy=policy,
            expected_sha256=expected_sha256,
            opts=child,
        )
        self.objects = ConfigGroup(
            part_name(resource_name, "objects"),
            yaml=self.manifest.content,
            skip_await=skip_await,
            opts=pulumi.ResourceOptions(
                parent=self, transforms=[] if delete_namespaces else [keep_shared_objects]
            ),
        )
        warn_about_other_owners(
            self.objects, ignored_kinds=frozenset() if delete_namespaces else SHARED_KINDS
        )
        self.health = RunnerHealth(
            part_name(resource_name, "health"),
            runner=self.runner.id,
            timeout_seconds=timeout_seconds,
            triggers=[self.manifest.sha256],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.objects]),
        )
        self.runner_name = self.health.runner
        self.namespace = self.runner.namespace
        self.manifest_sha256 = self.manifest.sha256
        self.manifest_url = self.runner.manifest_url
        self.version = self.runner.version
        self.status = self.health.status
        self.register_outputs({name: getattr(self, name) for name in _OUTPUTS})
