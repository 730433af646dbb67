"""Create a Kubiya runner, apply its manifest and wait until it is healthy, with one resource."""

import pulumi

from kubiya_pulumi import RunnerDeployment

deployment = RunnerDeployment("runner-prod", description="Runs our tools in production")

pulumi.export("runner_name", deployment.runner_name)
pulumi.export("status", deployment.status)
