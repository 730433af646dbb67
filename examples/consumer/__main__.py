"""The stack of an application team, which uses the runner of the platform team's stack."""

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap

from kubiya_pulumi import get_runner_health_output

platform = pulumi.StackReference(pulumi.Config().require("platform"))
runner_name = platform.require_output("runner_name")

# Fails if the runner no longer exists, before resources that depend on it are created.
health = get_runner_health_output(runner_name)

settings = ConfigMap(
    "runner-settings",
    metadata={"name": "runner-settings"},
    data={"runner": runner_name, "version": health.version},
)

pulumi.export("runner_status", health.status)
