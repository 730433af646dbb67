"""The default ClusterRoles of Kubernetes that manifests bind to.

API servers since version 1.34 create these roles at startup; older ones lack the rules for
`resource.k8s.io`. The names of all other default roles start with `system:`. Only the manifests of
control-plane components use those.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_READ = "get list watch"
_WRITE = "create delete deletecollection patch update"
_AGGREGATE = "rbac.authorization.k8s.io/aggregate-to-"


def _rules(table: str) -> list[dict[str, list[str]]]:
    """Parse rules from lines of `groups | resources | verbs`; `core` is the core group."""
    return [
        {
            "apiGroups": ["" if group == "core" else group for group in groups.split()],
            "resources": resources.split(),
            "verbs": verbs.split(),
        }
        for groups, resources, verbs in (line.split("|") for line in table.strip().splitlines())
    ]


def _role(*aggregated_to: str, **content: Any) -> Mapping[str, Any]:
    labels = {f"{_AGGREGATE}{role}": "true" for role in aggregated_to}
    return {
        "metadata": {"labels": {"kubernetes.io/bootstrapping": "rbac-defaults", **labels}},
        **content,
    }


def _aggregation_rule(role: str) -> dict[str, Any]:
    return {"clusterRoleSelectors": [{"matchLabels": {f"{_AGGREGATE}{role}": "true"}}]}


_ADMIN = f"""
authorization.k8s.io | localsubjectaccessreviews | create
rbac.authorization.k8s.io | roles rolebindings | {_READ} {_WRITE}
"""

_EDIT = f"""
core | pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy | {_READ}
core | serviceaccounts | impersonate
core | pods pods/attach pods/exec pods/portforward pods/proxy | {_WRITE}
core | pods/eviction serviceaccounts/token | create
core | configmaps persistentvolumeclaims secrets serviceaccounts services services/proxy | {_WRITE}
core | replicationcontrollers replicationcontrollers/scale | {_WRITE}
core events.k8s.io | events | {_WRITE}
apps | daemonsets deployments deployments/rollback deployments/scale | {_WRITE}
apps | replicasets replicasets/scale statefulsets statefulsets/scale | {_WRITE}
autoscaling | horizontalpodautoscalers | {_WRITE}
batch | cronjobs jobs | {_WRITE}
extensions | daemonsets deployments deployments/rollback deployments/scale | {_WRITE}
extensions | ingresses networkpolicies replicasets replicasets/scale | {_WRITE}
extensions | replicationcontrollers/scale | {_WRITE}
policy | poddisruptionbudgets | {_WRITE}
networking.k8s.io | ingresses networkpolicies | {_WRITE}
coordination.k8s.io | leases | {_READ} {_WRITE}
resource.k8s.io | resourceclaims resourceclaimtemplates | {_WRITE}
"""

_VIEW = f"""
core | bindings configmaps endpoints limitranges namespaces namespaces/status | {_READ}
core | persistentvolumeclaims persistentvolumeclaims/status pods pods/log pods/status | {_READ}
core | replicationcontrollers replicationcontrollers/scale replicationcontrollers/status | {_READ}
core | resourcequotas resourcequotas/status serviceaccounts services services/status | {_READ}
core events.k8s.io | events | {_READ}
discovery.k8s.io | endpointslices | {_READ}
apps | controllerrevisions daemonsets daemonsets/status | {_READ}
apps | deployments deployments/scale deployments/status | {_READ}
apps | replicasets replicasets/scale replicasets/status | {_READ}
apps | statefulsets statefulsets/scale statefulsets/status | {_READ}
autoscaling | horizontalpodautoscalers horizontalpodautoscalers/status | {_READ}
batch | cronjobs cronjobs/status jobs jobs/status | {_READ}
extensions | daemonsets daemonsets/status deployments deployments/scale | {_READ}
extensions | deployments/status ingresses ingresses/status networkpolicies | {_READ}
extensions | replicasets replicasets/scale replicasets/status | {_READ}
extensions | replicationcontrollers/scale | {_READ}
policy | poddisruptionbudgets poddisruptionbudgets/status | {_READ}
networking.k8s.io | ingresses ingresses/status networkpolicies | {_READ}
resource.k8s.io | resourceclaims resourceclaims/status resourceclaimtemplates | {_READ}
"""

CLUSTER_ADMIN = "cluster-admin"

DEFAULT_CLUSTER_ROLES: Mapping[str, Mapping[str, Any]] = {
    CLUSTER_ADMIN: _role(
        rules=[*_rules("* | * | *"), {"nonResourceURLs": ["*"], "verbs": ["*"]}],
    ),
    "admin": _role(aggregationRule=_aggregation_rule("admin")),
    "edit": _role("admin", aggregationRule=_aggregation_rule("edit")),
    "view": _role("edit", aggregationRule=_aggregation_rule("view")),
    "system:aggregate-to-admin": _role("admin", rules=_rules(_ADMIN)),
    "system:aggregate-to-edit": _role("edit", rules=_rules(_EDIT)),
    "system:aggregate-to-view": _role("view", rules=_rules(_VIEW)),
}
"""The body of each role, by name."""
