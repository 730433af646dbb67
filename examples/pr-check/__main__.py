"""A Kubiya runner and its Kubernetes objects, previewed on each pull request."""

import pulumi
from pulumi_kubernetes.yaml.v2 import ConfigGroup

from kubiya_pulumi import KubiyaRunner, RunnerManifest, keep_shared_objects

runner = KubiyaRunner("runner-prod", description="Runs our tools in production")
manifest = RunnerManifest("manifest", runner=runner.id)

# Other runners in the cluster may use the namespaces of the manifest.
keep = pulumi.ResourceOptions(transforms=[keep_shared_objects])
objects = ConfigGroup("objects", yaml=manifest.content, opts=keep)

pulumi.export("runner_name", runner.name)
