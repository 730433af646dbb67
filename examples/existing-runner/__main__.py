"""Take over an existing runner, with the objects that kubectl or Helm created for it."""

import pulumi

from kubiya_pulumi import RunnerDeployment

deployment = RunnerDeployment("runner-prod", adopt_existing=True)

pulumi.export("runner_name", deployment.runner_name)
pulumi.export("status", deployment.status)
