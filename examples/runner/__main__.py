"""A Kubiya runner, and the objects of its manifest in the cluster that kubectl points to."""

import pulumi
from pulumi_kubernetes.yaml.v2 import ConfigGroup

from kubiya_pulumi import KubiyaRunner, RunnerManifest

runner = KubiyaRunner("runner-prod", description="Runs our tools in production")
manifest = RunnerManifest("manifest", runner=runner.id)
objects = ConfigGroup("objects", yaml=manifest.content)

pulumi.export("runner_name", runner.name)
pulumi.export("manifest_sha256", manifest.sha256)
pulumi.export("images", manifest.images)
