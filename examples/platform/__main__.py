"""A platform team's stack: deploys a Kubiya runner and exports what other stacks need of it."""

import pulumi

from kubiya_pulumi import RunnerDeployment

deployment = RunnerDeployment("runner-prod", description="Runs every team's tools")

pulumi.export("runner_name", deployment.runner_name)
pulumi.export("runner_namespace", deployment.namespace)
pulumi.export("runner_version", deployment.version)
pulumi.export("manifest_sha256", deployment.manifest_sha256)

# A secret: it stays encrypted in the state, and in every stack that reads it.
pulumi.export("manifest_url", deployment.manifest_url)
