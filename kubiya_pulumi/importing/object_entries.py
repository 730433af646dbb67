"""The import entries of the Kubernetes objects of a manifest, as its `ConfigGroup` names them.

An entry has the fields of the manifest, because the provider would store every default of the
cluster as an input if it read the object by its id alone. The texts that may be credentials are
replaced. A refresh sets each field that an entry has to the value in the cluster.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from kubiya_pulumi.deployment_names import part_name
from kubiya_pulumi.dynamic.secret_values import plaintext_secret
from kubiya_pulumi.importing.entries import Entry, EntryGroup
from kubiya_pulumi.review import Inventory, KubernetesObject, ObjectReference
from kubiya_pulumi.review.kubernetes.api_groups import api_group, is_custom
from kubiya_pulumi.review.kubernetes.coerce import as_mapping, as_str
from kubiya_pulumi.review.kubernetes.custom_kinds import CustomKind
from kubiya_pulumi.review.kubernetes.references import is_cluster_scoped, reference_to
from kubiya_pulumi.shared_objects import SHARED_TYPES

_CONFIG_GROUP = "kubernetes:yaml/v2:ConfigGroup"
_SECRET = "kubernetes:core/v1:Secret"  # noqa: S105 - the type of a resource.

OMITTED = "b21pdHRlZA=="
"""Replaces a text: `omitted`, in the base64 that some fields require."""
_TEXT_FIELDS = frozenset(
    {"annotations", "args", "binaryData", "command", "data", "stringData", "value"}
)
"""The fields in which the review searches for credentials, and the data of Secrets."""
_COMMON_FIELDS = ("apiVersion", "kind", "metadata")
"""The fields whose meaning is known for every kind."""
_PROVIDER_SETTING = "pulumi.com/"
"""The prefix of annotations that the Kubernetes provider follows when it reads an object."""


def object_entries(
    objects: Sequence[KubernetesObject],
    *,
    resource_name: str,
    parent: str,
    with_secrets: bool = False,
) -> EntryGroup:
    """Return the entries of the objects, and of the `ConfigGroup` that they belong to.

    An object is left out if the manifest does not tell whether it is in a namespace, or in which
    one: with a wrong name the next update would delete it.

    Args:
        objects: the objects of the manifest.
        resource_name: Pulumi's name for the deployment.
        parent: the entry of the deployment: the `name` there.
        with_secrets: whether the entries contain all texts.
    """
    kinds = Inventory(objects).custom_kinds
    prefix = part_name(resource_name, "objects")
    # Unique in the file, whatever names the runners have.
    group = f"{_CONFIG_GROUP} {prefix}"
    component = {
        "type": _CONFIG_GROUP,
        "name": group,
        "logicalName": prefix,
        "component": True,
        "parent": parent,
    }
    entries: list[Entry] = [component]
    left_out = []
    for item in objects:
        reference = reference_to(item)
        if not _has_known_id(item, reference, kinds):
            left_out.append(reference)
            continue
        body = (
            item.body if with_secrets else _without_texts(item.body, is_custom=is_custom(reference))
        )
        entries.append(_object_entry(item, body, prefix=prefix, parent=group))
    return EntryGroup(entries, left_out)


def _has_known_id(
    item: KubernetesObject,
    reference: ObjectReference,
    kinds: Mapping[tuple[str, str], CustomKind],
) -> bool:
    if not is_custom(reference):
        in_cluster = is_cluster_scoped(item.api_version, item.kind)
    elif kind := kinds.get((api_group(reference), item.kind)):
        in_cluster = kind.is_cluster_scoped
    else:
        return False
    return in_cluster is (item.namespace == "")


def _object_entry(
    item: KubernetesObject, body: Mapping[str, Any], *, prefix: str, parent: str
) -> Entry:
    group, _, api_version = item.api_version.rpartition("/")
    type_ = f"kubernetes:{group or 'core'}/{api_version}:{item.kind}"
    id_ = f"{item.namespace}/{item.name}" if item.namespace else item.name
    if type_ == _SECRET:
        body = _stored_secret(body)
    return {
        "type": type_,
        "name": f"{type_} {prefix}:{id_}",
        "logicalName": f"{prefix}:{id_}",
        "id": id_,
        "parent": parent,
        # The version that the program uses. Without it the engine takes the newest one.
        "version": version("pulumi-kubernetes"),
        "inputs": body,
        # Without its own copy of the inputs, the provider regards each of them as changed.
        "outputs": {**body, "__inputs": body, "__initialApiVersion": item.api_version},
    }


def _stored_secret(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a Secret as the provider stores it: with all of its data in one encrypted field."""
    texts = as_mapping(body.get("stringData"))
    encoded = {key: base64.b64encode(as_str(text).encode()).decode() for key, text in texts.items()}
    data = {**as_mapping(body.get("data")), **encoded}
    rest = {key: value for key, value in body.items() if key not in ("data", "stringData")}
    return {**rest, "data": plaintext_secret(data)} if data else rest


def _without_texts(body: Mapping[str, Any], *, is_custom: bool) -> dict[str, Any]:
    """Return an object with the same fields, whose texts may not be credentials.

    Nothing is known about the fields of a custom kind, so only its metadata remain.
    """
    if not is_custom:
        return {key: _replaced(key, value) for key, value in body.items()}
    return {
        key: _replaced(key, value) if key in _COMMON_FIELDS else _omitted(value)
        for key, value in body.items()
    }


def _replaced(key: str, value: Any) -> Any:
    """Replace the texts in a field if they may be credentials."""
    if key == "annotations" and isinstance(value, Mapping):
        return {
            name: text if name.startswith(_PROVIDER_SETTING) else _omitted(text)
            for name, text in value.items()
        }
    if key in _TEXT_FIELDS:
        return _omitted(value)
    if isinstance(value, Mapping):
        return {name: _replaced(name, entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_replaced(key, entry) for entry in value]
    return value


def _omitted(value: Any) -> Any:
    """Replace each text."""
    if isinstance(value, Mapping):
        return {key: _omitted(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_omitted(entry) for entry in value]
    return OMITTED if isinstance(value, str) and value else value


def without_repeated_objects(entries: Iterable[Entry]) -> tuple[list[Entry], list[str]]:
    """Return the entries without the objects that occur several times, and the ids of those.

    Two deployments that have the same object cannot be in the same cluster. A namespace or a
    CustomResourceDefinition may belong to both.
    """
    entries = list(entries)
    uses = Counter(map(_use, entries))
    repeated = {
        _use(entry): entry for entry in entries if is_object(entry) and uses[_use(entry)] > 1
    }
    kept = [entry for entry in entries if _use(entry) not in repeated]
    return kept, [
        f"{entry['type'].rpartition(':')[2]}/{entry['id']}" for entry in repeated.values()
    ]


def is_object(entry: Entry) -> bool:
    """Return whether an entry is one of a Kubernetes object."""
    return str(entry["type"]).startswith("kubernetes:") and "id" in entry


def _use(entry: Entry) -> tuple[str, ...]:
    """Return what identifies an object: among all deployments, or in its own if it is shared."""
    if not is_object(entry):
        return (entry["type"], entry["name"])
    own = (entry["parent"],) if entry["type"] in SHARED_TYPES else ()
    return (entry["type"], entry["id"], *own)
