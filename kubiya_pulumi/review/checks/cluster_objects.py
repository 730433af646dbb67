"""Objects that give access to nodes, identities or the API server, without a role or a pod."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from kubiya_pulumi.review.findings import Finding, Severity, kubernetes_rule
from kubiya_pulumi.review.kubernetes.api_groups import api_group
from kubiya_pulumi.review.kubernetes.coerce import as_mapping, as_mappings, as_str, get_path
from kubiya_pulumi.review.kubernetes.inventory import Inventory, Item
from kubiya_pulumi.review.kubernetes.rbac import Subject
from kubiya_pulumi.text import join_quoted

NODE_VOLUME = kubernetes_rule(
    "KR-072",
    "node-persistent-volume",
    Severity.ERROR,
    "concepts/storage/volumes/#hostpath",
    "A PersistentVolume is a directory or a disk of a node. A pod that claims it can mount it, "
    "even where Pod Security forbids `hostPath` volumes.",
    "Use a StorageClass whose provisioner creates the volumes, or another type of volume.",
)
IDENTITY_SECRET = kubernetes_rule(
    "KR-073",
    "identity-secret",
    Severity.ERROR,
    "concepts/security/service-accounts/#manual-secret-management-for-serviceaccounts",
    "A Secret makes a token of an account that is not in the manifest, or to which Kubernetes "
    "itself binds roles. Everything that can read the Secret can act as that account.",
    "Remove the Secret, or use a ServiceAccount of the manifest.",
)
LONG_LIVED_TOKEN = kubernetes_rule(
    "KR-074",
    "long-lived-token",
    Severity.WARNING,
    "concepts/security/service-accounts/#manual-secret-management-for-serviceaccounts",
    "A Secret makes a token of a ServiceAccount that never expires.",
    "Remove the Secret. A pod gets a token that expires without it.",
)
ADMISSION_CONTROL = kubernetes_rule(
    "KR-075",
    "admission-control",
    Severity.ERROR,
    "concepts/security/rbac-good-practices/#control-admission-webhooks",
    "A webhook or a mutating policy takes part in admission: it reads or changes the objects that "
    "are written to the cluster, including pods and Secrets of others.",
    "Remove the object, or restrict its rules and selectors to the objects of the manifest and "
    "waive the finding.",
)
API_EXTENSION = kubernetes_rule(
    "KR-076",
    "api-extension",
    Severity.WARNING,
    "concepts/extend-kubernetes/",
    "An object makes the API server depend on the manifest for requests of others: it rejects "
    "some, or sends them to a service.",
    "Remove the object, or check which requests it affects and waive the finding.",
)
LOWERED_POD_SECURITY = kubernetes_rule(
    "KR-077",
    "lowered-pod-security",
    Severity.ERROR,
    "concepts/security/pod-security-admission/#pod-security-admission-labels-for-namespaces",
    "A label of a Namespace lets pods break the Pod Security Standards, whatever the cluster "
    "enforces by default.",
    "Remove the label, or set `pod-security.kubernetes.io/enforce` to restricted or baseline.",
)
RULES = (
    NODE_VOLUME,
    IDENTITY_SECRET,
    LONG_LIVED_TOKEN,
    ADMISSION_CONTROL,
    API_EXTENSION,
    LOWERED_POD_SECURITY,
)

_NODE_SOURCES = ("hostPath", "local")

_TOKEN_SECRET = "kubernetes.io/service-account-token"  # noqa: S105
_BOOTSTRAP_SECRET = "bootstrap.kubernetes.io/token"  # noqa: S105
_ACCOUNT = "kubernetes.io/service-account.name"

_ADMISSION_KINDS = {
    "MutatingWebhookConfiguration": "sends objects to a webhook, which can read and change them",
    "ValidatingWebhookConfiguration": "sends objects to a webhook, which can read and reject them",
    "MutatingAdmissionPolicy": "can change objects that are written to the cluster",
    "MutatingAdmissionPolicyBinding": "puts a policy into effect that can change objects",
}
_EXTENSION_KINDS = {
    "ValidatingAdmissionPolicy": "can reject objects that are written to the cluster",
    "ValidatingAdmissionPolicyBinding": "puts a policy into effect that can reject objects",
}

_LEVEL = "pod-security.kubernetes.io/enforce"
_VERSION = "pod-security.kubernetes.io/enforce-version"
_FIRST_STABLE_MINOR = 25
"""The first version in which Pod Security admission is stable; earlier standards have gaps."""


def findings(inventory: Inventory) -> Iterator[Finding]:
    """Yield a finding for each object that affects nodes, identities or the API server."""
    accounts = inventory.names("ServiceAccount")
    default_accounts = inventory.default_accounts
    for item in inventory.of_kind("PersistentVolume"):
        yield from _volume_findings(item)
    for item in inventory.of_kind("Secret"):
        yield from _secret_findings(item, accounts, default_accounts)
    for item in inventory.of_kind("Namespace"):
        yield from _namespace_findings(item)
    for item in inventory.items:
        match api_group(item.reference):
            case "admissionregistration.k8s.io":
                yield from _admission_findings(item)
            case "apiregistration.k8s.io" | "apiextensions.k8s.io":
                yield from _extension_findings(item)


def _volume_findings(item: Item) -> Iterator[Finding]:
    spec = as_mapping(item.body.get("spec"))
    for source in _NODE_SOURCES:
        if isinstance(spec.get(source), Mapping):
            path = as_str(get_path(spec, source, "path"))
            yield NODE_VOLUME.finding(
                item.reference,
                f"The volume sets spec.{source}.path: {join_quoted([path])}, which is on a node; "
                "use another type of volume.",
            )


def _secret_findings(
    item: Item, accounts: set[tuple[str, str]], default_accounts: set[Subject]
) -> Iterator[Finding]:
    kind = item.body.get("type")
    if kind == _BOOTSTRAP_SECRET:
        yield IDENTITY_SECRET.finding(
            item.reference,
            f'The Secret has the type "{_BOOTSTRAP_SECRET}", whose token can add nodes to the '
            "cluster; remove the Secret.",
        )
    if kind != _TOKEN_SECRET:
        return
    name = as_str(as_mapping(get_path(item.body, "metadata", "annotations")).get(_ACCOUNT))
    account = Subject("ServiceAccount", item.reference.namespace, name)
    if account in default_accounts:
        yield IDENTITY_SECRET.finding(
            item.reference,
            f"The Secret makes a token of {account}, to which Kubernetes itself binds roles; "
            "remove the Secret.",
        )
    elif (account.namespace, name) in accounts:
        yield LONG_LIVED_TOKEN.finding(
            item.reference,
            f"The Secret makes a token of {account} that never expires; remove the Secret.",
        )
    else:
        yield IDENTITY_SECRET.finding(
            item.reference,
            f"The Secret makes a token of {account}, which the manifest does not contain; remove "
            "the Secret or add the ServiceAccount.",
        )


def _admission_findings(item: Item) -> Iterator[Finding]:
    kind = item.reference.kind
    fix = "remove it, or restrict it to the objects of the manifest"
    if effect := _ADMISSION_KINDS.get(kind):
        webhooks = [as_str(entry.get("name")) for entry in as_mappings(item.body.get("webhooks"))]
        names = f" ({join_quoted(webhooks)})" if webhooks else ""
        yield ADMISSION_CONTROL.finding(item.reference, f"The {kind} {effect}{names}; {fix}.")
    elif effect := _EXTENSION_KINDS.get(kind):
        yield API_EXTENSION.finding(item.reference, f"The {kind} {effect}; {fix}.")


def _extension_findings(item: Item) -> Iterator[Finding]:
    spec = as_mapping(item.body.get("spec"))
    group = as_str(spec.get("group"))
    if item.reference.kind == "APIService" and spec.get("service"):
        yield API_EXTENSION.finding(
            item.reference,
            f"The APIService sends all requests for API group {join_quoted([group])} to "
            f"{_service(spec.get('service'))}; check that service or remove the object.",
        )
    webhook = get_path(spec, "conversion", "webhook") or get_path(
        spec, "conversion", "webhookClientConfig"
    )
    if item.reference.kind == "CustomResourceDefinition" and webhook:
        yield API_EXTENSION.finding(
            item.reference,
            f"spec.conversion sends the objects of API group {join_quoted([group])} to a webhook, "
            "which can read and change them; check that webhook or set the strategy to None.",
        )


def _service(value: object) -> str:
    names = [as_str(get_path(value, key)) for key in ("namespace", "name")]
    return f"service {join_quoted(['/'.join(filter(None, names))])}"


def _namespace_findings(item: Item) -> Iterator[Finding]:
    labels = as_mapping(get_path(item.body, "metadata", "labels"))
    level, version = as_str(labels.get(_LEVEL)), as_str(labels.get(_VERSION))
    if level == "privileged":
        yield LOWERED_POD_SECURITY.finding(
            item.reference,
            f"The label {_LEVEL}: privileged allows pods that control their node; set it to "
            "restricted or baseline.",
        )
    match = re.fullmatch(r"v1\.(\d{1,4})", version)
    if match and int(match[1]) < _FIRST_STABLE_MINOR:
        yield LOWERED_POD_SECURITY.finding(
            item.reference,
            f"The label {_VERSION}: {version} selects standards from before Pod Security was "
            f"stable; set it to latest or to v1.{_FIRST_STABLE_MINOR} or later.",
        )
