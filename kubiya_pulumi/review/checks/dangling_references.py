"""What a manifest refers to and does not have: objects and rights that its workloads lack.

All of it may be in the cluster by other means, so none of it is an error.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from kubiya_pulumi.review.findings import Category, Finding, ObjectReference, Rule, Severity
from kubiya_pulumi.review.kubernetes.coerce import inside, mapping, mappings, text
from kubiya_pulumi.review.kubernetes.inventory import Inventory
from kubiya_pulumi.review.kubernetes.rbac import Subject
from kubiya_pulumi.review.kubernetes.roles import is_system_role
from kubiya_pulumi.review.kubernetes.scope import BUILT_IN_NAMESPACES
from kubiya_pulumi.review.kubernetes.workloads import Workload
from kubiya_pulumi.text import join_names, join_quoted


def _rule(name: str, severity: Severity, page: str, description: str) -> Rule:
    url = f"https://kubernetes.io/docs/{page}"
    return Rule(name, severity, Category.MISSING, description, url)


SERVICE_ACCOUNT = _rule(
    "missing-service-account",
    Severity.WARNING,
    "tasks/configure-pod-container/configure-service-account/",
    "A workload runs as a ServiceAccount that is not in the manifest: its pods are not made.",
)
ROLE = _rule(
    "missing-role",
    Severity.WARNING,
    "reference/access-authn-authz/rbac/#rolebinding-and-clusterrolebinding",
    "A binding is to a role that is not in the manifest, and gives nothing.",
)
SUBJECT = _rule(
    "missing-subject",
    Severity.WARNING,
    "reference/access-authn-authz/rbac/#referring-to-subjects",
    "A binding gives rights to a ServiceAccount that is not in the manifest.",
)
NO_ROLE = _rule(
    "service-account-without-role",
    Severity.NOTE,
    "reference/access-authn-authz/rbac/#service-account-permissions",
    "A workload names a ServiceAccount that no binding gives a role.",
)
SECRET = _rule(
    "missing-secret",
    Severity.WARNING,
    "concepts/configuration/secret/#using-secrets",
    "A workload needs a Secret that is not in the manifest: its pods do not start.",
)
CONFIG_MAP = _rule(
    "missing-config-map",
    Severity.WARNING,
    "concepts/configuration/configmap/#using-configmaps",
    "A workload needs a ConfigMap that is not in the manifest: its pods do not start.",
)
NAMESPACE = _rule(
    "missing-namespace",
    Severity.WARNING,
    "concepts/overview/working-with-objects/namespaces/",
    "Objects stand in a namespace that is not in the manifest, and that not every cluster has.",
)
RULES = (SERVICE_ACCOUNT, ROLE, SUBJECT, NO_ROLE, SECRET, CONFIG_MAP, NAMESPACE)

# A controller puts it into every namespace.
_ROOT_CERTIFICATES = "kube-root-ca.crt"


def findings(inventory: Inventory) -> Iterator[Finding]:
    """What workloads, bindings and objects in namespaces refer to, and is not there."""
    yield from _accounts(inventory)
    yield from _bindings(inventory)
    yield from _configuration(inventory)
    yield from _namespaces(inventory)


def _accounts(inventory: Inventory) -> Iterator[Finding]:
    accounts = inventory.names("ServiceAccount")
    given = {subject for binding in inventory.bindings for subject in binding.subjects}
    groups = [subject for subject in given if subject.kind == "Group"]
    for workload in inventory.workloads:
        namespace, name = workload.reference.namespace, workload.service_account
        if name == "default":
            continue
        subject = Subject("ServiceAccount", namespace, name)
        if (namespace, name) not in accounts:
            yield SERVICE_ACCOUNT.found(
                workload.reference, f"Runs as {subject}, which is not there."
            )
        elif subject not in given and not any(group.includes(subject) for group in groups):
            yield NO_ROLE.found(workload.reference, f"Runs as {subject}, which has no role.")


def _bindings(inventory: Inventory) -> Iterator[Finding]:
    accounts = inventory.names("ServiceAccount")
    for binding in inventory.bindings:
        kind, name = binding.role_kind, binding.role_name
        known = inventory.roles.get(kind, binding.reference.namespace, name)
        if not known and not is_system_role(name):
            yield ROLE.found(
                binding.reference,
                f"Gives {join_names([kind])} {join_quoted([name])}, which is not there.",
            )
        missing = [
            str(subject)
            for subject in binding.subjects
            if subject.kind == "ServiceAccount"
            and subject.name != "default"
            and (subject.namespace, subject.name) not in accounts
        ]
        if missing:
            yield SUBJECT.found(
                binding.reference, f"Gives rights to {join_names(missing)}, which is not there."
            )


def _configuration(inventory: Inventory) -> Iterator[Finding]:
    for kind, rule, needed in (
        ("Secret", SECRET, _secrets),
        ("ConfigMap", CONFIG_MAP, _config_maps),
    ):
        there = inventory.names(kind)
        for workload in inventory.workloads:
            namespace = workload.reference.namespace
            names = sorted({name for name in needed(workload) if name})
            missing = [name for name in names if (namespace, name) not in there]
            if missing:
                yield rule.found(
                    workload.reference, f"Needs {kind} {join_quoted(missing)}, which is not there."
                )


def _secrets(workload: Workload) -> Iterator[str]:
    yield from (text(each.get("name")) for each in mappings(workload.spec.get("imagePullSecrets")))
    yield from (_required(each, "secretName", "name") for each in _volumes(workload, "secret"))
    yield from (_required(each, "name") for each in _environment(workload, "secret"))


def _config_maps(workload: Workload) -> Iterator[str]:
    for each in (*_volumes(workload, "configMap"), *_environment(workload, "configMap")):
        name = _required(each, "name")
        if name != _ROOT_CERTIFICATES:
            yield name


def _volumes(workload: Workload, kind: str) -> Iterator[object]:
    """The sources of that kind among the volumes, projected ones too."""
    for volume in mappings(workload.spec.get("volumes")):
        yield volume.get(kind)
        for source in mappings(inside(volume, "projected", "sources")):
            yield source.get(kind)


def _environment(workload: Workload, kind: str) -> Iterator[object]:
    """The references to that kind in the environments of the containers."""
    for container in workload.containers:
        for variable in mappings(container.get("env")):
            yield inside(variable, "valueFrom", f"{kind}KeyRef")
        for source in mappings(container.get("envFrom")):
            yield source.get(f"{kind}Ref")


def _required(reference: object, *keys: str) -> str:
    """The name in a reference; empty where there is none, or where it need not be there."""
    entry = mapping(reference)
    if entry.get("optional") is True:
        return ""
    return next((name for key in keys if (name := text(entry.get(key)))), "")


def _namespaces(inventory: Inventory) -> Iterator[Finding]:
    made = {name for _, name in inventory.names("Namespace")} | BUILT_IN_NAMESPACES
    missing: dict[str, list[str]] = defaultdict(list)
    for item in inventory.items:
        if (namespace := item.reference.namespace) and namespace not in made:
            missing[namespace].append(str(item.reference))
    for namespace, objects in missing.items():
        yield NAMESPACE.found(
            ObjectReference("v1", "Namespace", "", namespace),
            f"Nothing makes this namespace, in which there are {join_names(objects, most=3)}.",
        )
