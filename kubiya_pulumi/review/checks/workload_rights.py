"""Rights over workloads, their traffic and their volumes."""

from __future__ import annotations

from kubiya_pulumi.review.checks.access_rules import GOOD_PRACTICES, RBAC_REFERENCE
from kubiya_pulumi.review.checks.rights import DELETE, WRITE, Right, Risk
from kubiya_pulumi.review.findings import Severity, kubernetes_rule

_STORAGE = "storage.k8s.io"
_SNAPSHOTS = "snapshot.storage.k8s.io"
_NETWORKING = "networking.k8s.io"

RISKS = (
    Risk(
        kubernetes_rule(
            "KR-011",
            "create-workloads",
            Severity.WARNING,
            f"{GOOD_PRACTICES}#workload-creation",
            "A role grants creating or changing pods or workloads. The subject gains access to "
            "everything that a pod of the namespace can mount, and to the permissions of all its "
            "ServiceAccounts.",
            "Remove the verbs that the subject does not need, and run sensitive workloads in "
            "another namespace.",
            "CIS 5.1.4",
        ),
        (
            Right(WRITE, "", ("pods", "pods/ephemeralcontainers", "replicationcontrollers")),
            Right(
                WRITE,
                "apps",
                (
                    "deployments",
                    "daemonsets",
                    "replicasets",
                    "statefulsets",
                    # DaemonSets and StatefulSets create their pods from these.
                    "controllerrevisions",
                ),
            ),
            Right(WRITE, "batch", ("jobs", "cronjobs")),
        ),
    ),
    Risk(
        kubernetes_rule(
            "KR-012",
            "exec-into-pods",
            Severity.WARNING,
            f"{GOOD_PRACTICES}#workload-creation",
            "A role grants running commands in existing pods, attaching to them or forwarding "
            "their ports. The subject gains the permissions and Secrets of those pods.",
            "Remove `pods/exec`, `pods/attach` and `pods/portforward` from `resources`.",
        ),
        # `get` is enough where a GET request is upgraded to a WebSocket connection.
        (Right(("get", "create"), "", ("pods/exec", "pods/attach", "pods/portforward")),),
    ),
    Risk(
        kubernetes_rule(
            "KR-061",
            "proxy-to-pods",
            Severity.WARNING,
            "concepts/cluster-administration/proxies/",
            "A role grants sending HTTP requests to pods or services through the API server. They "
            "come from the address of the API server, which network policies usually allow.",
            "Remove `pods/proxy` and `services/proxy` from `resources`.",
        ),
        (Right(("get", *WRITE, "delete"), "", ("pods/proxy", "services/proxy")),),
    ),
    Risk(
        kubernetes_rule(
            "KR-066",
            "change-network",
            Severity.WARNING,
            f"{RBAC_REFERENCE}#write-access-for-endpoints",
            "A role grants changing where traffic goes, or which traffic is allowed. The subject "
            "can receive requests, with their credentials, that are meant for others.",
            "Grant only read access to these resources.",
        ),
        (
            # The status has addresses. Labels of a pod, by which Services select it, can be changed
            # with its status too.
            Right(("update", "patch"), "", ("pods/status", "services/status")),
            # A Service may claim any address (`externalIPs`).
            Right(WRITE, "", ("services", "endpoints")),
            Right(WRITE, "discovery.k8s.io", ("endpointslices",)),
            Right((*WRITE, *DELETE), _NETWORKING, ("networkpolicies",)),
            Right(WRITE, _NETWORKING, ("ingresses",)),
            Right(("update", "patch"), _NETWORKING, ("ingresses/status",)),
            Right(WRITE, _NETWORKING, ("ingressclasses", "servicecidrs"), cluster_only=True),
            Right(
                WRITE,
                "gateway.networking.k8s.io",
                (
                    "gateways",
                    "httproutes",
                    "grpcroutes",
                    "tlsroutes",
                    "tcproutes",
                    "udproutes",
                    "referencegrants",
                ),
            ),
        ),
    ),
    Risk(
        kubernetes_rule(
            "KR-017",
            "create-persistent-volumes",
            Severity.ERROR,
            f"{GOOD_PRACTICES}#persistent-volume-creation",
            "A role grants creating or changing PersistentVolumes, which can mount directories of "
            "a node, or the volume of another namespace.",
            "Grant only read access to `persistentvolumes`, and use PersistentVolumeClaims.",
            "CIS 5.1.9",
        ),
        (Right(WRITE, "", ("persistentvolumes",), cluster_only=True),),
    ),
    Risk(
        kubernetes_rule(
            "KR-067",
            "change-storage",
            Severity.WARNING,
            "concepts/storage/volumes/#csi",
            "A role grants changing storage drivers, storage classes, or the contents and "
            "attachments of volumes. The subject can reach volumes and driver credentials of other "
            "namespaces.",
            "Grant only read access to these resources.",
        ),
        (
            Right(
                WRITE,
                _STORAGE,
                ("storageclasses", "csidrivers", "csinodes", "volumeattachments"),
                cluster_only=True,
            ),
            # The status tells the driver which device to mount on the node.
            Right(("update", "patch"), _STORAGE, ("volumeattachments/status",), cluster_only=True),
            Right(
                WRITE,
                _SNAPSHOTS,
                ("volumesnapshotcontents", "volumesnapshotclasses"),
                cluster_only=True,
            ),
        ),
    ),
    Risk(
        kubernetes_rule(
            "KR-068",
            "place-pods",
            Severity.WARNING,
            "concepts/scheduling-eviction/assign-pod-node/",
            "A role grants assigning pods to nodes, or changing the runtime of their containers. "
            "A subject that controls a node gains the permissions and Secrets of all pods on it.",
            "Remove `pods/binding` and `bindings` from `resources`, and grant only read access to "
            "`runtimeclasses`.",
        ),
        (
            Right(("create",), "", ("pods/binding", "bindings")),
            Right(WRITE, "node.k8s.io", ("runtimeclasses",), cluster_only=True),
        ),
    ),
)
