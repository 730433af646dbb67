"""Rights over nodes, namespaces, admission and the API of a cluster."""

from __future__ import annotations

from kubiya_pulumi.review.checks.access_rules import GOOD_PRACTICES
from kubiya_pulumi.review.checks.rights import DELETE, WRITE, Right, Risk
from kubiya_pulumi.review.findings import Severity, kubernetes_rule

_ADMISSION = "admissionregistration.k8s.io"
_CHANGE = (*WRITE, *DELETE)

RISKS = (
    Risk(
        kubernetes_rule(
            "KR-014",
            "admission-webhooks",
            Severity.ERROR,
            f"{GOOD_PRACTICES}#control-admission-webhooks",
            "A role grants changing admission webhooks, which can read and change everything that "
            "is written to the cluster.",
            "Remove the webhook configurations from `resources`, or grant only read access.",
            "CIS 5.1.12",
        ),
        (
            Right(
                _CHANGE,
                _ADMISSION,
                ("mutatingwebhookconfigurations", "validatingwebhookconfigurations"),
                cluster_only=True,
            ),
        ),
    ),
    Risk(
        kubernetes_rule(
            "KR-063",
            "admission-policies",
            Severity.ERROR,
            "reference/access-authn-authz/mutating-admission-policy/",
            "A role grants changing admission policies or their bindings. A mutating policy can "
            "change everything that is written to the cluster, and without a validating one "
            "everything is accepted.",
            "Remove the policies and their bindings from `resources`, or grant only read access.",
        ),
        (
            Right(
                _CHANGE,
                _ADMISSION,
                (
                    "mutatingadmissionpolicies",
                    "mutatingadmissionpolicybindings",
                    "validatingadmissionpolicies",
                    "validatingadmissionpolicybindings",
                ),
                cluster_only=True,
            ),
        ),
    ),
    Risk(
        kubernetes_rule(
            "KR-065",
            "change-api",
            Severity.ERROR,
            "concepts/extend-kubernetes/api-extension/apiserver-aggregation/",
            "A role grants changing CustomResourceDefinitions or APIServices. A conversion webhook "
            "or an API server of the subject then reads and changes all objects of these APIs.",
            "Grant only read access to `customresourcedefinitions` and `apiservices`.",
        ),
        (
            Right(
                _CHANGE,
                "apiextensions.k8s.io",
                ("customresourcedefinitions",),
                cluster_only=True,
            ),
            Right(_CHANGE, "apiregistration.k8s.io", ("apiservices",), cluster_only=True),
        ),
    ),
    Risk(
        kubernetes_rule(
            "KR-015",
            "nodes-proxy",
            Severity.ERROR,
            f"{GOOD_PRACTICES}#access-to-proxy-subresource-of-nodes",
            "A role grants access to the kubelet API, which bypasses admission control and audit "
            "logging. With `nodes/proxy`, read access is enough to run commands in every pod of a "
            "node; `nodes/log` and `nodes/checkpoint` give its logs and the memory of containers.",
            "Remove `nodes/proxy`, `nodes/log` and `nodes/checkpoint` from `resources`.",
            "CIS 5.1.10",
        ),
        (
            Right(
                ("get", *_CHANGE),
                "",
                ("nodes/proxy", "nodes/log", "nodes/checkpoint"),
                cluster_only=True,
            ),
        ),
    ),
    Risk(
        kubernetes_rule(
            "KR-016",
            "change-nodes",
            Severity.WARNING,
            f"{GOOD_PRACTICES}#least-privilege",
            "A role grants changing nodes. Their labels and taints decide where pods run, and "
            "their status where the API server finds their kubelets. Labels can be changed with "
            "the status too.",
            "Grant only read access to `nodes`.",
        ),
        (
            Right(_CHANGE, "", ("nodes",), cluster_only=True),
            Right(("update", "patch"), "", ("nodes/status",), cluster_only=True),
        ),
    ),
    Risk(
        kubernetes_rule(
            "KR-019",
            "change-namespaces",
            Severity.WARNING,
            f"{GOOD_PRACTICES}#namespace-modification",
            "A role grants creating or changing namespaces. Their labels decide which Pod Security "
            "Standard and which network policies apply in them, and can be changed with the "
            "subresources `status` and `finalize` too.",
            "Grant only read access to `namespaces`.",
        ),
        (
            Right(("create",), "", ("namespaces",), cluster_only=True),
            Right(("update", "patch"), "", ("namespaces", "namespaces/status")),
            Right(("update",), "", ("namespaces/finalize",)),
        ),
    ),
    Risk(
        kubernetes_rule(
            "KR-069",
            "change-system-configuration",
            Severity.WARNING,
            f"{GOOD_PRACTICES}#least-privilege",
            "A role grants changing the ConfigMaps of `kube-system`, or the certificates that "
            "pods trust (ClusterTrustBundles). The ConfigMaps configure components of the cluster, "
            "such as DNS and the authentication of API servers.",
            "Bind the role in other namespaces, or list the ConfigMaps in `resourceNames`.",
        ),
        (
            Right(WRITE, "", ("configmaps",), only_namespace="kube-system", any_name=True),
            Right(WRITE, "certificates.k8s.io", ("clustertrustbundles",), cluster_only=True),
        ),
    ),
)
