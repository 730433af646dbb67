"""The table of permissions matches `kubectl auth can-i --list` of a real API server.

The manifests bind default roles of Kubernetes, and roles that only the cluster contains.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path

import pytest
import yaml
from default_roles import BINDINGS, DEFAULT_ROLES, ROLES, default_bindings, default_roles

from kubiya_pulumi.review import Grant, Review, Subject, parse_manifest, review
from kubiya_pulumi.review.kubernetes.default_roles import default_bindings as known_bindings
from kubiya_pulumi.review.kubernetes.default_roles import default_roles as known_roles
from tests.harness.kubectl import Kubectl
from tests.review.manifest_objects import (
    RBAC,
    Object,
    cluster_role,
    grant_role,
    kubernetes_object,
    role,
    rule,
    service_account,
    subject,
)

pytestmark = pytest.mark.cluster

NAMESPACE = "can-i"
NAMESPACES = (NAMESPACE, "kube-system", "default")
AGGREGATE = "aggregate-to-team"

Permission = tuple[str, str, str, str]
"""A verb, a resource with its API group, a non-resource URL and the name of an object."""


def bind(to: str, account: str, namespace: str = "", kind: str = "ClusterRole") -> Object:
    name = f"{account}-{namespace or 'everywhere'}"
    return grant_role(to, subject(account, NAMESPACE), namespace=namespace, kind=kind, name=name)


def accounts(*names: str) -> tuple[Object, ...]:
    return tuple(service_account(name, NAMESPACE) for name in names)


IN_THE_CLUSTER: tuple[Object, ...] = (
    kubernetes_object("Namespace", NAMESPACE, ""),
    cluster_role(rule("*", "*", "*"), name="platform-superuser"),
    cluster_role(rule("core", "secrets", "get list"), name="system:an-add-on"),
    role(rule("core", "pods/exec", "create"), name="debugger", namespace=NAMESPACE),
    cluster_role(rule("core", "nodes", "delete"), name="of-team", labels={AGGREGATE: "true"}),
    cluster_role(
        rule("example.com", "widgets", "get"),
        name="of-operator",
        labels={f"{RBAC}/aggregate-to-view": "true"},
    ),
)
"""What the cluster contains before a manifest is applied."""

MANIFESTS: Mapping[str, tuple[Object, ...]] = {
    "default-roles": (
        *accounts("escalator", "manager", "reader", "editor", "nodes", "nobody"),
        bind("system:controller:clusterrole-aggregation-controller", "escalator"),
        bind("system:kube-controller-manager", "manager"),
        bind("system:controller:namespace-controller", "manager", NAMESPACE),
        bind("extension-apiserver-authentication-reader", "reader", "kube-system", kind="Role"),
        bind("system:controller:token-cleaner", "escalator", "kube-system", kind="Role"),
        bind("system:aggregate-to-edit", "editor", NAMESPACE),
        bind("system:kubelet-api-admin", "nodes"),
        bind("system:auth-delegator", "reader"),
        bind("cluster-admin", "editor", "default"),
    ),
    "roles-of-the-cluster": (
        *accounts("superuser", "add-on", "debugger", "own"),
        bind("platform-superuser", "superuser"),
        bind("system:an-add-on", "add-on", "kube-system"),
        bind("debugger", "debugger", NAMESPACE, kind="Role"),
        role(rule("core", "pods", "get list", "one"), name="own", namespace=NAMESPACE),
        bind("own", "own", NAMESPACE, kind="Role"),
    ),
    "aggregated-and-groups": (
        *accounts("team", "viewer", "member"),
        cluster_role(
            name="team",
            aggregationRule={"clusterRoleSelectors": [{"matchLabels": {AGGREGATE: "true"}}]},
        ),
        cluster_role(rule("core", "events", "list"), name="part", labels={AGGREGATE: "true"}),
        bind("team", "team"),
        bind("view", "viewer", NAMESPACE),
        grant_role(
            "system:controller:ttl-controller",
            subject(f"system:serviceaccounts:{NAMESPACE}", kind="Group"),
            name="all-accounts",
        ),
        grant_role(
            "platform-superuser",
            {"kind": "ServiceAccount", "name": "member", "namespace": NAMESPACE},
            namespace="default",
            kind="ClusterRole",
            name="member",
        ),
    ),
}


@pytest.fixture
def kubectl(control_plane: Path) -> Kubectl:
    return Kubectl(control_plane)


@pytest.fixture(params=MANIFESTS)
def manifest(
    request: pytest.FixtureRequest, kubectl: Kubectl, tmp_path: Path
) -> Iterator[tuple[Object, ...]]:
    """A manifest that is applied to a cluster with roles of its own."""
    objects = MANIFESTS[request.param]
    file = tmp_path / "manifest.yaml"
    file.write_text(yaml.safe_dump_all((*IN_THE_CLUSTER, *objects)))
    try:
        kubectl("apply", f"--filename={file}")
        for name, resource in (("team", "nodes"), ("team", "events"), ("view", "widgets")):
            if name == "view" or request.param == "aggregated-and-groups":
                verb = f"{{.rules[?(@.resources[0]=='{resource}')].verbs[0]}}"
                kubectl("wait", f"clusterrole/{name}", f"--for=jsonpath={verb}", "--timeout=60s")
        yield objects
    finally:
        kubectl("delete", f"--filename={file}", "--ignore-not-found", "--timeout=120s")


def test_the_default_roles_match_those_of_the_api_server(kubectl: Kubectl) -> None:
    roles = kubectl.list(ROLES, "--all-namespaces", DEFAULT_ROLES)
    assert default_roles(roles) == list(known_roles())
    bindings = kubectl.list(BINDINGS, "--all-namespaces", DEFAULT_ROLES)
    assert default_bindings(bindings) == list(known_bindings())


def test_the_table_matches_the_list_of_kubectl(
    kubectl: Kubectl, manifest: tuple[Object, ...]
) -> None:
    result = review(
        (*parse_manifest(yaml.safe_dump_all(manifest)), *parse_manifest(bindings_of(kubectl)))
    )
    names = [item["metadata"]["name"] for item in manifest if item["kind"] == "ServiceAccount"]
    surprises = {}
    for name, namespace in product(names, NAMESPACES):
        account = Subject("ServiceAccount", NAMESPACE, name)
        listed = can_i_list(kubectl, account, namespace)
        in_table = permissions(rows(result, account, namespace))
        assert in_table <= listed, f"{account} in {namespace}"
        if listed != in_table:
            surprises[name, namespace] = listed - in_table
    # What the table lacks is marked as unknown there, and reported.
    assert surprises.keys() == unknown(result, names)
    assert all(surprises.values())


def bindings_of(kubectl: Kubectl) -> str:
    """Return the bindings of every cluster, such as those for all authenticated users."""
    return kubectl("get", BINDINGS, "--all-namespaces", DEFAULT_ROLES, "--output=yaml")


def rows(result: Review, account: Subject, namespace: str) -> list[Grant]:
    return [
        grant
        for grant in result.grants
        if grant.namespace in (None, namespace) and grant.subject.includes(account)
    ]


def unknown(result: Review, names: Iterable[str]) -> set[tuple[str, str]]:
    """Return the ServiceAccounts and namespaces for which the review says that it lacks rules."""
    aggregated = {str(f.object) for f in result.findings if f.rule == "aggregated-role"}
    reported = {str(f.object) for f in result.findings if f.rule == "unknown-role"}
    found = set()
    for name, namespace in product(names, NAMESPACES):
        for grant in rows(result, Subject("ServiceAccount", NAMESPACE, name), namespace):
            kind, _, binding = grant.binding.partition("/")
            place = "" if grant.namespace is None else f"{grant.namespace}/"
            reference = f"{kind}/{place}{binding}"
            assert grant.rules_unknown == (reference in reported)
            if grant.rules_unknown or {grant.role, reference} & aggregated:
                found.add((name, namespace))
    return found


def permissions(grants: Iterable[Grant]) -> set[Permission]:
    """Return the single permissions of grants, as kubectl names them."""
    result = set()
    for grant in grants:
        for verb, group, resource in product(grant.verbs, grant.api_groups, grant.resources):
            kind, slash, subresource = resource.partition("/")
            target = f"{kind}{group and '.'}{group}{slash}{subresource}"
            result |= {(verb, target, "", name) for name in grant.resource_names or ("",)}
        result |= {
            (verb, "", url, "") for verb, url in product(grant.verbs, grant.non_resource_urls)
        }
    return result


def can_i_list(kubectl: Kubectl, account: Subject, namespace: str) -> set[Permission]:
    """Return the single permissions that the API server lists for a ServiceAccount."""
    user = f"--as=system:serviceaccount:{account.namespace}:{account.name}"
    output = kubectl("auth", "can-i", "--list", "--no-headers", user, f"--namespace={namespace}")
    result = set()
    for line in output.splitlines():
        match = re.fullmatch(r"(\S*)\s+\[(.*?)\]\s+\[(.*?)\]\s+\[(.*?)\]\s*", line)
        assert match, line
        resource, urls, names, verbs = match.groups()
        targets = product(verbs.split(), [resource], urls.split() or [""], names.split() or [""])
        result |= set(targets)
    return result
