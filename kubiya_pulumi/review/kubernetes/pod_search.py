"""The search for the pods that an object runs, wherever they are in it.

A workload of Kubernetes has one pod, at a known path. Operators define kinds with pods anywhere:
jobs of several roles, workflows of several steps, and fields of their own for a single container.
So an object of another kind is searched as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubiya_pulumi.review.kubernetes.api_groups import is_custom
from kubiya_pulumi.review.kubernetes.coerce import as_list, as_mapping, get_path
from kubiya_pulumi.review.kubernetes.embedded_objects import (
    is_embedded_object,
    is_object_text,
    permission_fields,
)
from kubiya_pulumi.review.kubernetes.limits import MAX_PODS, Budget
from kubiya_pulumi.review.kubernetes.manifest import Body
from kubiya_pulumi.review.kubernetes.pod_fields import (
    has_pod_keys,
    images_in,
    inherit,
    listed_containers,
    named_containers,
    part_of_pod,
    pod_fields,
)
from kubiya_pulumi.review.kubernetes.references import ObjectReference
from kubiya_pulumi.review.kubernetes.workloads import CONTAINER_LISTS, Container, Workload

_TEMPLATE = ("spec", "template")
_POD_PATHS: Mapping[str, tuple[str, ...]] = {
    "Pod": (),
    "PodTemplate": ("template",),
    "CronJob": ("spec", "jobTemplate", *_TEMPLATE),
    "DaemonSet": _TEMPLATE,
    "Deployment": _TEMPLATE,
    "Job": _TEMPLATE,
    "ReplicaSet": _TEMPLATE,
    "ReplicationController": _TEMPLATE,
    "StatefulSet": _TEMPLATE,
}
"""The path of the pod in each workload of Kubernetes."""

_OBJECT_FIELDS = frozenset({"apiVersion", "kind", "metadata", "status"})
# The fields of a container that are a part of its pod.
_CONTAINER_FIELDS = frozenset({"image", "securityContext"})
# The fields of a container whose texts it runs itself, such as a script that applies an object.
_PROGRAM_FIELDS = frozenset({".args", ".command", ".env", ".script", ".source"})


@dataclass(frozen=True)
class PodSearch:
    """The pods of an object, and the parts of it that cannot be reviewed."""

    workloads: tuple[Workload, ...] = ()
    malformed: tuple[str, ...] = ()
    """The fields of a Kubernetes workload that are missing or have the wrong type."""
    loose: tuple[str, ...] = ()
    """The fields of a pod or a container that a custom object sets outside of its pods."""
    embedded: tuple[str, ...] = ()
    """The fields of a custom object that contain another object, as data or as text."""
    permissions: tuple[str, ...] = ()
    """The fields of a custom object that contain rules of a role, or name a role."""


@dataclass(eq=False, slots=True)
class _Node:
    """A list or mapping in an object, and where it is."""

    value: list[Any] | Mapping[str, Any]
    key: str = ""
    """The last part of the path, as it is written there: `.spec`, `[0]`."""
    parent: _Node | None = None
    is_container: bool = False
    """Whether the value is what a container of a pod has besides its own fields."""

    def ancestors(self) -> Iterator[_Node]:
        """Yield the values that contain this one, starting with its parent."""
        node = self.parent
        while node:
            yield node
            node = node.parent

    def path(self, field: str = "") -> str:
        """Return the path of the value, or of a field in it: `spec.templates[0].container`."""
        keys = [self.key, *(node.key for node in self.ancestors())]
        return ("".join(reversed(keys)) + (field and f".{field}")).lstrip(".")


def pod_budget() -> Budget:
    """Return the budget of pods for one manifest."""
    return Budget(MAX_PODS, f"runs more than {MAX_PODS:,} pods")


def find_pods(reference: ObjectReference, body: Body, budget: Budget) -> PodSearch:
    """Return the pods that an object runs.

    Args:
        reference: the object.
        body: its content.
        budget: the budget of the manifest that contains the object.

    Raises:
        ManifestError: the budget is exceeded.
    """
    if is_custom(reference):
        return _Search(reference, body, budget).result()
    if reference.kind in _POD_PATHS:
        return _pod_of_workload(reference, body)
    if reference.kind == "CustomResourceDefinition":
        return PodSearch()
    return PodSearch(_Search(reference, body, budget).pods())


def _pod_of_workload(reference: ObjectReference, body: Body) -> PodSearch:
    path = _POD_PATHS[reference.kind]
    template = as_mapping(get_path(body, *path))
    spec = as_mapping(template.get("spec"))
    location = ".".join((*path, "spec"))
    lists = (*CONTAINER_LISTS, "volumes")
    malformed = [f"{location}.{key}" for key in lists if not _is_list(spec.get(key))]
    if not isinstance(template.get("spec"), Mapping):
        malformed = [location]
    elif not spec.get("containers") and not malformed:
        malformed = [f"{location}.containers"]
    annotations = as_mapping(get_path(template, "metadata", "annotations"))
    workload = Workload(reference, spec, listed_containers(spec), annotations)
    return PodSearch((workload,), tuple(malformed))


def _is_list(value: object) -> bool:
    """Return whether a value is a list of mappings, or not set."""
    return value is None or (
        isinstance(value, list) and all(isinstance(entry, Mapping) for entry in value)
    )


def _fields_of_pod(node: _Node) -> frozenset[str]:
    """Return the fields of a mapping that belong to a pod because of where the mapping is."""
    if node.key == ".securityContext":
        return frozenset({"privileged"})
    if node.parent and node.parent.key == ".volumes" and isinstance(node.parent.value, list):
        return frozenset({"hostPath"})
    return frozenset()


def _is_program(key: str, node: _Node) -> bool:
    """Return whether a text, at a key of a list or mapping, is a part of what a container runs."""
    keys = (key, node.key, *(outer.key for outer in node.ancestors()))
    return any(
        inner in _PROGRAM_FIELDS and outer.is_container
        for inner, outer in zip(keys, (node, *node.ancestors()), strict=False)
    )


class _Search:
    """The search of one object."""

    def __init__(self, reference: ObjectReference, body: Body, budget: Budget) -> None:
        self._reference = reference
        self._budget = budget
        self._containers: set[int] = set()
        """The identities of the containers, whose own fields belong to a pod."""
        self._pods: dict[_Node, tuple[Container, ...]] = {}
        self._around_pods: set[_Node] = set()
        self._with_fields: list[_Node] = []
        self._embedded: list[str] = []
        self._permissions: list[str] = []
        # Without recursion, because the nesting of an object may exceed Python's stack.
        content = {key: body[key] for key in body if key not in _OBJECT_FIELDS}
        stack = [_Node(content)]
        while stack:
            stack.extend(reversed(list(self._visit(stack.pop()))))

    def pods(self) -> tuple[Workload, ...]:
        """Return the pods that the object has as a whole."""
        return tuple(self._pod(node, containers) for node, containers in self._pods.items())

    def result(self) -> PodSearch:
        """Return what the search has found."""
        loose = {node: fields for node in self._with_fields if (fields := self._loose_fields(node))}
        return PodSearch(
            workloads=(*self.pods(), *(self._part_of_pod(node, loose[node]) for node in loose)),
            loose=tuple(node.path(field) for node in loose for field in loose[node]),
            embedded=tuple(path.lstrip(".") for path in self._embedded),
            permissions=tuple(self._permissions),
        )

    def _visit(self, node: _Node) -> Iterator[_Node]:
        """Classify a list or a mapping, and yield those in it that are to be visited."""
        if isinstance(node.value, list):
            for index, entry in enumerate(node.value):
                yield from self._child(entry, f"[{index}]", node)
        else:
            is_container = id(node.value) in self._containers
            own = _CONTAINER_FIELDS if is_container else _fields_of_pod(node)
            rest = {key: entry for key, entry in node.value.items() if key not in own}
            visited = _Node(rest, node.key, node.parent, is_container)
            self._classify(visited, rest)
            for key, entry in node.value.items():
                yield from self._child(entry, f".{key}", visited)

    def _child(self, value: Any, key: str, node: _Node) -> Iterator[_Node]:
        if isinstance(value, str):
            if is_object_text(value) and not _is_program(key, node):
                self._embedded.append(node.path() + key)
        elif isinstance(value, list | Mapping):
            yield _Node(value, key, node)

    def _classify(self, node: _Node, value: Mapping[str, Any]) -> None:
        if node.parent and is_embedded_object(value) and value["kind"] not in _POD_PATHS:
            self._embedded.append(node.path())
        self._permissions.extend(map(node.path, permission_fields(value)))
        if not has_pod_keys(value):
            return
        if containers := named_containers(value):
            self._budget.spend(1)
            self._containers.update(id(container) for _, container in containers)
            self._pods[node] = tuple(
                {"name": name, **entry, **images_in(entry)} for name, entry in containers
            )
            self._around_pods.update(node.ancestors())
        if images_in(value) or pod_fields(value):
            self._budget.spend(1)
            self._with_fields.append(node)

    def _pod(self, node: _Node, containers: tuple[Container, ...]) -> Workload:
        spec = dict(node.value)
        for outer in node.ancestors():
            outer_fields = as_mapping(outer.value)
            self._budget.spend(len(as_list(outer_fields.get("volumes"))))
            inherit(spec, outer_fields)
        template = node.parent.value if node.parent and node.key == ".spec" else {}
        annotations = as_mapping(get_path(template, "metadata", "annotations"))
        return Workload(self._reference, spec, containers, annotations, node.path())

    def _loose_fields(self, node: _Node) -> list[str]:
        """Return the fields of a pod or a container in a mapping that are in no pod."""
        value = as_mapping(node.value)
        is_of_pod = node in self._pods or node in self._around_pods
        return [*images_in(value), *([] if is_of_pod else pod_fields(value))]

    def _part_of_pod(self, node: _Node, fields: list[str]) -> Workload:
        name = node.key.strip(".") or "unnamed"
        spec, containers = part_of_pod(as_mapping(node.value), fields, name)
        return Workload(self._reference, spec, containers, location=node.path(), is_complete=False)
