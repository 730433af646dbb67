"""The objects of a manifest, as a review looks them up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from kubiya_pulumi.review.findings import ObjectReference
from kubiya_pulumi.review.kubernetes.coerce import inside, mappings, text
from kubiya_pulumi.review.kubernetes.manifest import Body, KubernetesObject
from kubiya_pulumi.review.kubernetes.rbac import Subject
from kubiya_pulumi.review.kubernetes.roles import Role, Roles
from kubiya_pulumi.review.kubernetes.scope import reference
from kubiya_pulumi.review.kubernetes.workloads import Workload, workload

_RBAC = "rbac.authorization.k8s.io"
_GROUPS = {
    "ClusterRole": (_RBAC,),
    "ClusterRoleBinding": (_RBAC,),
    "Role": (_RBAC,),
    "RoleBinding": (_RBAC,),
}
_CORE = ("", "core")  # the provider takes both for the core group


@dataclass(frozen=True)
class Item:
    """An object, and where it stands."""

    reference: ObjectReference
    body: Body


@dataclass(frozen=True)
class Binding:
    """A RoleBinding or a ClusterRoleBinding."""

    reference: ObjectReference
    role_kind: str
    role_name: str
    subjects: tuple[Subject, ...]
    """Each once."""

    @property
    def namespace(self) -> str | None:
        """Where it gives access; None: in the whole cluster."""
        return None if self.reference.kind == "ClusterRoleBinding" else self.reference.namespace


class Inventory:
    """Everything that the checks of a review look at, read once.

    Args:
        objects: as `parse_manifest` gives them.
    """

    def __init__(self, objects: Iterable[KubernetesObject]) -> None:
        self.items = tuple(Item(reference(each), each.body) for each in objects)
        """All objects, in the order of the manifest."""
        self._by_kind: dict[str, list[Item]] = defaultdict(list)
        for item in self.items:
            if _of_kubernetes(item.reference):
                self._by_kind[item.reference.kind].append(item)
        found = (workload(item.reference, item.body) for item in self.items)
        self.workloads: tuple[Workload, ...] = tuple(each for each in found if each is not None)
        self.roles = Roles(
            Role(item.reference, item.body)
            for kind in ("Role", "ClusterRole")
            for item in self.of_kind(kind)
        )
        self.bindings = tuple(
            _binding(item)
            for kind in ("ClusterRoleBinding", "RoleBinding")
            for item in self.of_kind(kind)
        )

    def of_kind(self, kind: str) -> list[Item]:
        """The objects of a kind of Kubernetes, whatever its version; no custom kinds."""
        return self._by_kind.get(kind, [])

    def names(self, kind: str) -> set[tuple[str, str]]:
        """Namespace and name of each object of a kind."""
        return {(each.reference.namespace, each.reference.name) for each in self.of_kind(kind)}


def _of_kubernetes(where: ObjectReference) -> bool:
    """Whether it has the API group of its kind, where a check asks for objects of that kind."""
    group = where.api_version.rpartition("/")[0]
    return group in _GROUPS.get(where.kind, _CORE)


def _binding(item: Item) -> Binding:
    where = item.reference
    namespace = "" if where.kind == "ClusterRoleBinding" else where.namespace
    subjects = (Subject.of(each, namespace) for each in mappings(item.body.get("subjects")))
    return Binding(
        reference=where,
        role_kind=text(inside(item.body, "roleRef", "kind")),
        role_name=text(inside(item.body, "roleRef", "name")),
        subjects=tuple(dict.fromkeys(subjects)),
    )
