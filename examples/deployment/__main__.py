"""A Kubiya runner from its creation until it is healthy, in one declaration."""

import pulumi

from kubiya_pulumi import RunnerDeployment

deployment = RunnerDeployment("runner-prod", description="Runs our tools in production")

pulumi.export("runner_name", deployment.runner_name)
pulumi.export("status", deployment.status)
