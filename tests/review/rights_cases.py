"""Each right that lets its holder gain more than it says, and the rule that reports it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

_GROUPS = {
    "core": "",
    "admission": "admissionregistration.k8s.io",
    "authentication": "authentication.k8s.io",
    "certificates": "certificates.k8s.io",
    "networking": "networking.k8s.io",
    "gateway": "gateway.networking.k8s.io",
    "rbac": "rbac.authorization.k8s.io",
    "snapshot": "snapshot.storage.k8s.io",
    "storage": "storage.k8s.io",
}
_READ = "get list watch"
_WRITE = "create update patch"
_CHANGE = f"{_WRITE} delete deletecollection"

# Lines of: rule | where the right exists | verbs | API group | resources.
# Where is `cluster` for cluster-scoped resources, `any` for others, or a namespace.
_TABLE = f"""
read-secrets | any | {_READ} patch delete deletecollection | core | secrets
escalate | any | escalate | rbac | roles
escalate | cluster | escalate | rbac | clusterroles
bind | any | bind | rbac | roles clusterroles
impersonate | any | impersonate | core | serviceaccounts
impersonate | cluster | impersonate | core | users groups
impersonate | cluster | impersonate | authentication | uids userextras/scopes userextras/*
constrained-impersonation | cluster | impersonate:user-info | authentication | users groups uids
constrained-impersonation | cluster | impersonate:user-info | authentication | userextras/scopes
constrained-impersonation | any | impersonate:serviceaccount | authentication | serviceaccounts
constrained-impersonation | cluster | impersonate:arbitrary-node | authentication | nodes
constrained-impersonation | cluster | impersonate:associated-node | authentication | nodes
constrained-impersonation | cluster | impersonate:of-another-version | authentication | users
constrained-impersonation | any | impersonate-on:user-info:list | core | secrets
constrained-impersonation | any | impersonate-on:serviceaccount:patch | apps | deployments
constrained-impersonation | any | impersonate-on:associated-node:get | core | pods/log
create-tokens | any | create | core | serviceaccounts/token
create-tokens | any | create | certificates | podcertificaterequests
create-token-secrets | any | create | core | secrets
approve-certificates | cluster | approve sign attest | certificates | signers
approve-certificates | cluster | create | certificates | certificatesigningrequests/nodeclient
create-workloads | any | {_WRITE} | core | pods pods/ephemeralcontainers replicationcontrollers
create-workloads | any | {_WRITE} | apps | deployments daemonsets replicasets statefulsets
create-workloads | any | {_WRITE} | apps | controllerrevisions
create-workloads | any | {_WRITE} | batch | jobs cronjobs
exec-into-pods | any | get create | core | pods/exec pods/attach pods/portforward
proxy-to-pods | any | get {_WRITE} delete | core | pods/proxy services/proxy
change-network | any | update patch | core | pods/status services/status
change-network | any | {_WRITE} | core | services endpoints
change-network | any | {_WRITE} | discovery.k8s.io | endpointslices
change-network | any | {_CHANGE} | networking | networkpolicies
change-network | any | {_WRITE} | networking | ingresses
change-network | any | update patch | networking | ingresses/status
change-network | cluster | {_WRITE} | networking | ingressclasses servicecidrs
change-network | any | {_WRITE} | gateway | gateways httproutes grpcroutes tlsroutes tcproutes
change-network | any | {_WRITE} | gateway | udproutes referencegrants
create-persistent-volumes | cluster | {_WRITE} | core | persistentvolumes
change-storage | cluster | {_WRITE} | storage | storageclasses csidrivers csinodes
change-storage | cluster | {_WRITE} | storage | volumeattachments
change-storage | cluster | update patch | storage | volumeattachments/status
change-storage | cluster | {_WRITE} | snapshot | volumesnapshotcontents volumesnapshotclasses
place-pods | any | create | core | pods/binding bindings
place-pods | cluster | {_WRITE} | node.k8s.io | runtimeclasses
admission-webhooks | cluster | {_CHANGE} | admission | mutatingwebhookconfigurations
admission-webhooks | cluster | {_CHANGE} | admission | validatingwebhookconfigurations
admission-policies | cluster | {_CHANGE} | admission | mutatingadmissionpolicies
admission-policies | cluster | {_CHANGE} | admission | mutatingadmissionpolicybindings
admission-policies | cluster | {_CHANGE} | admission | validatingadmissionpolicies
admission-policies | cluster | {_CHANGE} | admission | validatingadmissionpolicybindings
change-api | cluster | {_CHANGE} | apiextensions.k8s.io | customresourcedefinitions
change-api | cluster | {_CHANGE} | apiregistration.k8s.io | apiservices
nodes-proxy | cluster | get {_CHANGE} | core | nodes/proxy nodes/log nodes/checkpoint
change-nodes | cluster | {_CHANGE} | core | nodes
change-nodes | cluster | update patch | core | nodes/status
change-namespaces | cluster | create | core | namespaces
change-namespaces | any | update patch | core | namespaces namespaces/status
change-namespaces | any | update | core | namespaces/finalize
change-system-configuration | kube-system | {_WRITE} | core | configmaps
change-system-configuration | cluster | {_WRITE} | certificates | clustertrustbundles
"""


@dataclass(frozen=True)
class RightCase:
    """A verb on a resource, and the rule that reports it."""

    rule: str
    where: str
    """`cluster`, `any`, or the only namespace in which the right is reported."""
    verb: str
    api_group: str
    resource: str

    def __str__(self) -> str:
        return f"{self.verb} {self.resource} {self.api_group}".strip()


def _cases() -> Iterator[RightCase]:
    for line in _TABLE.strip().splitlines():
        rule, where, verbs, group, resources = (cell.strip() for cell in line.split("|"))
        for verb, resource in product(verbs.split(), resources.split()):
            yield RightCase(rule, where, verb, _GROUPS.get(group, group), resource)


RIGHT_CASES = tuple(_cases())
