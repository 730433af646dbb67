"""Create a Kubiya runner, and let a ConfigFile download and apply its manifest."""

import pulumi
from pulumi_kubernetes.yaml.v2 import ConfigFile

from kubiya_pulumi import KubiyaRunner

runner = KubiyaRunner("runner-prod", description="Runs our tools in production")
objects = ConfigFile("objects", file=runner.manifest_url)

pulumi.export("runner_name", runner.name)
pulumi.export("namespace", runner.namespace)
