"""Every resource of this version, with settings that change its state."""

import pulumi
from pulumi_kubernetes import Provider

from kubiya_pulumi import (
    KubiyaProvider,
    KubiyaRunner,
    RunnerDeployment,
    RunnerHealth,
    RunnerManifest,
)

own = pulumi.Config("kubiya")

runner = KubiyaRunner("runner-prod", description="Runs our tools in production")
manifest = RunnerManifest("manifest", runner=runner.id)
health = RunnerHealth(
    "health", runner=runner.id, timeout_seconds=60, checks=["tool-manager"], triggers=[runner.id]
)

elsewhere = KubiyaProvider(
    "elsewhere",
    api_key=own.require_secret("apiKey"),
    base_url=own.require("baseUrl"),
    timeout_seconds=20,
    max_retries=0,
)
adopted = KubiyaRunner(
    "adopted",
    name="runner-adopted",
    adopt_existing=True,
    opts=pulumi.ResourceOptions(provider=elsewhere),
)

# Instead of applying the objects to a cluster, the Kubernetes provider writes them into a folder.
files = Provider("files", render_yaml_to_directory="objects")
deployment = RunnerDeployment(
    "runner-all",
    description="All of it in one declaration",
    adopt_existing=True,
    opts=pulumi.ResourceOptions(providers=[files]),
)

pulumi.export("version", runner.version)
pulumi.export("images", manifest.images)
pulumi.export("checks", health.checks)
pulumi.export("manifest_url", deployment.manifest_url)
pulumi.export("status", deployment.status)
pulumi.export("adopted", adopted.description)
