"""A Kubiya runner and its Kubernetes objects, previewed on each pull request."""

import pulumi
from pulumi_kubernetes.yaml.v2 import ConfigGroup

from kubiya_pulumi import KubiyaRunner, RunnerManifest

runner = KubiyaRunner("runner-prod", description="Runs our tools in production")
manifest = RunnerManifest("manifest", runner=runner.id)
objects = ConfigGroup("objects", yaml=manifest.content)

pulumi.export("runner_name", runner.name)
