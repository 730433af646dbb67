"""Create a Kubiya runner, and let a ConfigFile download and apply its manifest."""

import pulumi
from pulumi_kubernetes.yaml.v2 import ConfigFile

from kubiya_pulumi import KubiyaRunner, keep_shared_objects

runner = KubiyaRunner("runner-prod", description="Runs our tools in production")

# Other runners in the cluster may use the namespaces of the manifest.
keep = pulumi.ResourceOptions(transforms=[keep_shared_objects])
objects = ConfigFile("objects", file=runner.manifest_url, opts=keep)

pulumi.export("runner_name", runner.name)
pulumi.export("namespace", runner.namespace)
