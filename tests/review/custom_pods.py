"""Objects of custom kinds that run pods, in the forms that operators use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.review.manifest_objects import NAMESPACE, Object

IMAGE = "example.net/work:latest"


def custom(api: str, kind: str, **spec: Any) -> Object:
    """Return an object of a custom kind."""
    metadata = {"name": "work", "namespace": NAMESPACE}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec}


def dangerous(**content: Any) -> Object:
    """Return a privileged container."""
    return {"name": "w", "image": IMAGE, "securityContext": {"privileged": True}, **content}


def pod(**content: Any) -> Object:
    """Return the specification of a pod with a privileged container and the node's network."""
    return {"hostNetwork": True, "containers": [dangerous()], **content}


def template(**content: Any) -> Object:
    """Return the template of such a pod."""
    return {"spec": pod(**content)}


ARGO = "argoproj.io/v1alpha1"
VOLUMES = [{"name": "node", "hostPath": {"path": "/"}}]
_UNNAMED = {"image": IMAGE, "securityContext": {"privileged": True}}

CUSTOM_PODS: Mapping[str, tuple[Object, str]] = {
    "keda": (
        custom("keda.sh/v1alpha1", "ScaledJob", jobTargetRef={"template": template()}, triggers=[]),
        "spec.jobTargetRef.template.spec",
    ),
    "job-set": (
        custom(
            "jobset.x-k8s.io/v1alpha2",
            "JobSet",
            replicatedJobs=[{"name": "a", "template": {"spec": {"template": template()}}}],
        ),
        "spec.replicatedJobs[0].template.spec.template.spec",
    ),
    "kubeflow": (
        custom(
            "kubeflow.org/v1",
            "TFJob",
            tfReplicaSpecs={"Worker": {"replicas": 2, "template": template()}},
        ),
        "spec.tfReplicaSpecs.Worker.template.spec",
    ),
    "ray": (
        custom("ray.io/v1", "RayCluster", headGroupSpec={"template": template()}),
        "spec.headGroupSpec.template.spec",
    ),
    "volcano": (
        custom("batch.volcano.sh/v1alpha1", "Job", tasks=[{"name": "a", "template": template()}]),
        "spec.tasks[0].template.spec",
    ),
    "knative": (
        custom("serving.knative.dev/v1", "Service", template=template()),
        "spec.template.spec",
    ),
    "rollout": (custom(ARGO, "Rollout", template=template()), "spec.template.spec"),
    "runner-set": (
        custom("actions.github.com/v1alpha1", "AutoscalingRunnerSet", template=template()),
        "spec.template.spec",
    ),
    "foreign-deployment": (
        custom("example.com/v1", "Deployment", template=template()),
        "spec.template.spec",
    ),
    "foreign-pod": (custom("example.com/v1", "Pod", **pod()), "spec"),
    "argo-container": (
        custom(ARGO, "Workflow", hostNetwork=True, templates=[{"container": _UNNAMED}]),
        "spec.templates[0]",
    ),
    "argo-script": (
        custom(ARGO, "WorkflowTemplate", hostNetwork=True, templates=[{"script": _UNNAMED}]),
        "spec.templates[0]",
    ),
    "argo-container-set": (
        custom(
            ARGO,
            "ClusterWorkflowTemplate",
            hostNetwork=True,
            templates=[{"containerSet": {"containers": [dangerous()]}}],
        ),
        "spec.templates[0].containerSet",
    ),
    "argo-sidecar": (
        custom(ARGO, "Workflow", hostNetwork=True, templates=[{"sidecars": [dangerous()]}]),
        "spec.templates[0]",
    ),
    "argo-cron": (
        custom(
            ARGO,
            "CronWorkflow",
            workflowSpec={"hostNetwork": True, "templates": [{"container": _UNNAMED}]},
        ),
        "spec.workflowSpec.templates[0]",
    ),
    "tekton-task": (
        custom("tekton.dev/v1", "Task", hostNetwork=True, steps=[dangerous()]),
        "spec",
    ),
    "tekton-run": (
        custom(
            "tekton.dev/v1",
            "TaskRun",
            taskSpec={"hostNetwork": True, "steps": [dangerous()]},
        ),
        "spec.taskSpec",
    ),
    "prometheus": (
        custom("monitoring.coreos.com/v1", "Prometheus", **pod()),
        "spec",
    ),
    "only-init-containers": (
        custom("example.com/v1", "Task", hostNetwork=True, initContainers=[dangerous()]),
        "spec",
    ),
    "without-spec": (
        {
            "apiVersion": "example.com/v1",
            "kind": "Task",
            "metadata": {"name": "work", "namespace": NAMESPACE},
            "jobs": {"a": [{"b": pod()}]},
        },
        "jobs.a[0].b",
    ),
}
"""For each form an object with one privileged pod in the node's network, and the pod's path."""
