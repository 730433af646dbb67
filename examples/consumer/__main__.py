"""An application team's stack: builds on the runner that the platform team's stack deploys."""

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap

from kubiya_pulumi import get_runner_health_output

platform = pulumi.StackReference(pulumi.Config().require("platform"))
runner_name = platform.require_output("runner_name")

# Ends the update if there is no such runner any more, before anything builds on it.
health = get_runner_health_output(runner_name)

settings = ConfigMap(
    "runner-settings",
    metadata={"name": "runner-settings"},
    data={"runner": runner_name, "version": health.version},
)

pulumi.export("runner_status", health.status)
