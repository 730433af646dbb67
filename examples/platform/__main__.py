"""The stack of a platform team, which deploys a Kubiya runner and exports it to other stacks."""

import pulumi

from kubiya_pulumi import RunnerDeployment

deployment = RunnerDeployment("runner-prod", description="Runs every team's tools")

pulumi.export("runner_name", deployment.runner_name)
pulumi.export("runner_namespace", deployment.namespace)
pulumi.export("runner_version", deployment.version)
pulumi.export("manifest_sha256", deployment.manifest_sha256)

# This output is a secret: it stays encrypted in the state and in every stack that reads it.
pulumi.export("manifest_url", deployment.manifest_url)
