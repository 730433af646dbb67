"""The Secrets that controllers create from objects of custom kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from kubiya_pulumi.review.kubernetes.api_groups import api_group
from kubiya_pulumi.review.kubernetes.coerce import as_mappings, as_str, get_path
from kubiya_pulumi.review.kubernetes.inventory import Inventory, Item
from kubiya_pulumi.review.kubernetes.references import DEFAULT_NAMESPACE


def created_secrets(inventory: Inventory) -> set[tuple[str, str]]:
    """Return the namespace and name of each Secret that a controller creates from an object."""
    created = {
        (_namespace(item), name) for item in inventory.items for name in _secret_names(item) if name
    }
    return created | set(_synchronized_secrets(inventory))


def _secret_names(item: Item) -> Iterator[str]:
    names = _NAMES_BY_KIND.get((api_group(item.reference), item.reference.kind))
    if names:
        yield from names(item)


def _own_name(item: Item) -> Iterator[str]:
    yield item.reference.name


def _certificate(item: Item) -> Iterator[str]:
    yield as_str(get_path(item.body, "spec", "secretName"))


def _external_secret(item: Item) -> Iterator[str]:
    target = get_path(item.body, "spec", "target")
    # With the policies `Merge` and `None`, the controller only changes a Secret or does nothing.
    if as_str(get_path(target, "creationPolicy")) in ("", "Owner", "Orphan"):
        yield as_str(get_path(target, "name")) or item.reference.name


def _vault_secret(item: Item) -> Iterator[str]:
    destination = get_path(item.body, "spec", "destination")
    if get_path(destination, "create") is True:
        yield as_str(get_path(destination, "name"))


_NAMES_BY_KIND: Mapping[tuple[str, str], Callable[[Item], Iterator[str]]] = {
    # https://cert-manager.io/docs/usage/certificate/
    ("cert-manager.io", "Certificate"): _certificate,
    # https://external-secrets.io/latest/api/externalsecret/
    ("external-secrets.io", "ExternalSecret"): _external_secret,
    # https://github.com/bitnami-labs/sealed-secrets
    ("bitnami.com", "SealedSecret"): _own_name,
    # https://developer.1password.com/docs/k8s/operator/
    ("onepassword.com", "OnePasswordItem"): _own_name,
    # https://developer.hashicorp.com/vault/docs/deploy/kubernetes/vso/api-reference
    ("secrets.hashicorp.com", "VaultDynamicSecret"): _vault_secret,
    ("secrets.hashicorp.com", "VaultPKISecret"): _vault_secret,
    ("secrets.hashicorp.com", "VaultStaticSecret"): _vault_secret,
}


def _synchronized_secrets(inventory: Inventory) -> Iterator[tuple[str, str]]:
    """Yield the Secrets of the classes of the Secrets Store CSI driver that pods mount.

    The driver creates them when a pod mounts the class, and not before:
    https://secrets-store-csi-driver.sigs.k8s.io/topics/sync-as-kubernetes-secret
    """
    mounted = {
        (
            workload.namespace,
            as_str(get_path(volume, "csi", "volumeAttributes", "secretProviderClass")),
        )
        for workload in inventory.workloads
        for volume in as_mappings(workload.spec.get("volumes"))
    }
    for item in inventory.items:
        is_class = item.reference.kind == "SecretProviderClass"
        if is_class and api_group(item.reference) == "secrets-store.csi.x-k8s.io":
            namespace = _namespace(item)
            if (namespace, item.reference.name) in mounted:
                for entry in as_mappings(get_path(item.body, "spec", "secretObjects")):
                    yield namespace, as_str(entry.get("secretName"))


def _namespace(item: Item) -> str:
    # The review does not know the scope of a custom kind, but these are namespaced.
    return item.reference.namespace or DEFAULT_NAMESPACE
