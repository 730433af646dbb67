"""Deploy a Kubiya runner to each cluster in the configuration of the stack."""

import pulumi
import pulumi_kubernetes as kubernetes

from kubiya_pulumi import RunnerDeployment

config = pulumi.Config()
descriptions = config.require_object("environments")
kubeconfigs = config.require_secret_object("kubeconfigs")

for environment, description in descriptions.items():
    cluster = kubernetes.Provider(environment, kubeconfig=kubeconfigs[environment])
    deployment = RunnerDeployment(
        f"runner-{environment}",
        description=description,
        opts=pulumi.ResourceOptions(providers=[cluster]),
    )
    pulumi.export(environment, {"runner": deployment.runner_name, "status": deployment.status})
