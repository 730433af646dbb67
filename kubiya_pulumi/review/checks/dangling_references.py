"""References of workloads, bindings and objects to what the manifest does not contain.

The cluster may contain it already, so none of these findings is an error.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from kubiya_pulumi.review.findings import Category, Finding, Rule, Severity, kubernetes_rule
from kubiya_pulumi.review.kubernetes.coerce import as_mapping, as_mappings, as_str, get_path
from kubiya_pulumi.review.kubernetes.created_secrets import created_secrets
from kubiya_pulumi.review.kubernetes.inventory import Inventory
from kubiya_pulumi.review.kubernetes.rbac import Subject
from kubiya_pulumi.review.kubernetes.references import BUILT_IN_NAMESPACES, ObjectReference
from kubiya_pulumi.review.kubernetes.workloads import Workload
from kubiya_pulumi.text import join_names, join_quoted


def _rule(
    rule_id: str,
    name: str,
    page: str,
    description: str,
    remediation: str,
    severity: Severity = Severity.WARNING,
) -> Rule:
    return kubernetes_rule(
        rule_id, name, severity, page, description, remediation, category=Category.MISSING
    )


SERVICE_ACCOUNT = _rule(
    "KR-046",
    "missing-service-account",
    "tasks/configure-pod-container/configure-service-account/",
    "A workload runs as a ServiceAccount that is not in the manifest. Without it the cluster "
    "creates no pods.",
    "Add the ServiceAccount to the manifest, or create it first.",
)
ROLE = _rule(
    "KR-047",
    "missing-role",
    "reference/access-authn-authz/rbac/#rolebinding-and-clusterrolebinding",
    "A binding refers to a role that is neither in the manifest nor a default role of Kubernetes. "
    "If the cluster does not contain it either, its subjects lack the permissions that they need.",
    "Add the role to the manifest, create it first, or correct `roleRef`.",
)
SUBJECT = _rule(
    "KR-048",
    "missing-subject",
    "reference/access-authn-authz/rbac/#referring-to-subjects",
    "A binding grants a role to a ServiceAccount that is not in the manifest.",
    "Add the ServiceAccount to the manifest, create it first, or remove it from `subjects`.",
)
NO_ROLE = _rule(
    "KR-049",
    "service-account-without-role",
    "reference/access-authn-authz/rbac/#service-account-permissions",
    "A workload sets a ServiceAccount to which no binding grants a role.",
    "Bind a role to the ServiceAccount, or remove `serviceAccountName`.",
    Severity.NOTE,
)
SECRET = _rule(
    "KR-050",
    "missing-secret",
    "concepts/configuration/secret/#using-secrets",
    "A workload needs a Secret that is not in the manifest, and that no object of the manifest "
    "creates. Without it its pods do not start.",
    "Add the Secret to the manifest, create it first, or mark the reference `optional`.",
)
CONFIG_MAP = _rule(
    "KR-051",
    "missing-config-map",
    "concepts/configuration/configmap/#using-configmaps",
    "A workload needs a ConfigMap that is not in the manifest. Without it its pods do not start.",
    "Add the ConfigMap to the manifest, create it first, or mark the reference `optional`.",
)
NAMESPACE = _rule(
    "KR-052",
    "missing-namespace",
    "concepts/overview/working-with-objects/namespaces/",
    "Objects are in a namespace that is not in the manifest, and that not every cluster has.",
    "Add the Namespace to the manifest, or create it first.",
)
OPTIONAL_SECRET = _rule(
    "KR-085",
    "optional-secret",
    "concepts/configuration/secret/#restriction-secret-must-exist",
    "A workload reads a Secret that is not in the manifest if the cluster contains it. The Secret "
    "may be that of another program.",
    "Add the Secret to the manifest, or remove the reference.",
    Severity.NOTE,
)
RULES = (
    SERVICE_ACCOUNT,
    ROLE,
    SUBJECT,
    NO_ROLE,
    SECRET,
    CONFIG_MAP,
    NAMESPACE,
    OPTIONAL_SECRET,
)

# A controller creates this ConfigMap in every namespace.
_ROOT_CERTIFICATES = "kube-root-ca.crt"


def findings(inventory: Inventory) -> Iterator[Finding]:
    """Yield a finding for each reference to what the manifest does not contain."""
    yield from _service_account_findings(inventory)
    yield from _binding_findings(inventory)
    yield from _configuration_findings(inventory)
    yield from _namespace_findings(inventory)


def _service_account_findings(inventory: Inventory) -> Iterator[Finding]:
    accounts = inventory.names("ServiceAccount")
    bound = {subject for binding in inventory.bindings for subject in binding.subjects}
    bound |= inventory.default_accounts
    groups = [subject for subject in bound if subject.kind == "Group"]
    for workload in inventory.workloads:
        namespace, name = workload.namespace, workload.service_account
        if name == "default":
            continue
        subject = Subject("ServiceAccount", namespace, name)
        if (namespace, name) not in accounts:
            yield SERVICE_ACCOUNT.finding(
                workload.reference,
                workload.locate(
                    f"The serviceAccountName refers to {subject}, which the manifest does not "
                    "contain; add it or create it first."
                ),
            )
        elif subject not in bound and not any(group.includes(subject) for group in groups):
            yield NO_ROLE.finding(
                workload.reference,
                workload.locate(
                    f"The serviceAccountName refers to {subject}, to which no binding grants a "
                    "role; bind a role to it or remove serviceAccountName."
                ),
            )


def _binding_findings(inventory: Inventory) -> Iterator[Finding]:
    accounts = inventory.names("ServiceAccount")
    for binding in inventory.bindings:
        if not inventory.role_of(binding):
            role = f"{join_names([binding.role_kind])} {join_quoted([binding.role_name])}"
            yield ROLE.finding(
                binding.reference,
                f"The roleRef refers to {role}, which the manifest does not contain; add it or "
                "create it first.",
            )
        missing = [
            str(subject)
            for subject in binding.subjects
            if subject.kind == "ServiceAccount"
            and subject.name != "default"
            and (subject.namespace, subject.name) not in accounts
        ]
        if missing:
            yield SUBJECT.finding(
                binding.reference,
                f"The subjects include {join_names(missing)}, which the manifest does not contain; "
                "add it or create it first.",
            )


def _configuration_findings(inventory: Inventory) -> Iterator[Finding]:
    secrets = inventory.names("Secret") | created_secrets(inventory)
    config_maps = inventory.names("ConfigMap")
    for workload in inventory.workloads:
        namespace = workload.namespace
        references = [
            reference
            for reference in _secret_references(workload)
            if (namespace, reference.name) not in secrets
        ]
        required = {reference.name for reference in references if not reference.is_optional}
        optional = {reference.name for reference in references} - required
        needed_maps = {
            reference.name
            for reference in _config_map_references(workload)
            if not reference.is_optional and (namespace, reference.name) not in config_maps
        }
        for kind, rule, missing in (
            ("Secret", SECRET, required),
            ("ConfigMap", CONFIG_MAP, needed_maps),
        ):
            if missing:
                yield rule.finding(
                    workload.reference,
                    workload.locate(
                        f"The pod needs {kind} {join_quoted(sorted(missing))}, which the manifest "
                        "does not contain; add it, create it first, or mark the reference optional."
                    ),
                )
        if optional:
            yield OPTIONAL_SECRET.finding(
                workload.reference,
                workload.locate(
                    f"The pod reads Secret {join_quoted(sorted(optional))} if it exists, and the "
                    "manifest does not contain it; add it or remove the reference."
                ),
            )


@dataclass(frozen=True)
class _Reference:
    name: str
    is_optional: bool


def _secret_references(workload: Workload) -> Iterator[_Reference]:
    for entry in as_mappings(workload.spec.get("imagePullSecrets")):
        if name := as_str(entry.get("name")):
            yield _Reference(name, is_optional=False)
    for source in _volume_sources(workload, "secret"):
        yield from _references(source, "secretName", "name")
    for source in _environment_sources(workload, "secret"):
        yield from _references(source, "name")


def _config_map_references(workload: Workload) -> Iterator[_Reference]:
    sources = (
        *_volume_sources(workload, "configMap"),
        *_environment_sources(workload, "configMap"),
    )
    for source in sources:
        for reference in _references(source, "name"):
            if reference.name != _ROOT_CERTIFICATES:
                yield reference


def _volume_sources(workload: Workload, kind: str) -> Iterator[object]:
    """Yield the sources of a kind among the volumes, including projected ones."""
    for volume in as_mappings(workload.spec.get("volumes")):
        yield volume.get(kind)
        for source in as_mappings(get_path(volume, "projected", "sources")):
            yield source.get(kind)


def _environment_sources(workload: Workload, kind: str) -> Iterator[object]:
    """Yield the references to a kind in the environments of the containers."""
    for container in workload.containers:
        for variable in as_mappings(container.get("env")):
            yield get_path(variable, "valueFrom", f"{kind}KeyRef")
        for source in as_mappings(container.get("envFrom")):
            yield source.get(f"{kind}Ref")


def _references(source: object, *keys: str) -> Iterator[_Reference]:
    """Yield the reference in a source, if it has a name at one of the keys."""
    entry = as_mapping(source)
    if name := next((name for key in keys if (name := as_str(entry.get(key)))), ""):
        yield _Reference(name, is_optional=entry.get("optional") is True)


def _namespace_findings(inventory: Inventory) -> Iterator[Finding]:
    existing = {name for _, name in inventory.names("Namespace")} | BUILT_IN_NAMESPACES
    objects_in: dict[str, list[str]] = defaultdict(list)
    for item in inventory.items:
        if (namespace := item.reference.namespace) and namespace not in existing:
            objects_in[namespace].append(str(item.reference))
    for namespace, objects in objects_in.items():
        yield NAMESPACE.finding(
            ObjectReference("v1", "Namespace", "", namespace),
            f"The manifest contains {join_names(objects, 3)} in this namespace, but not the "
            "namespace itself; add it or create it first.",
        )
