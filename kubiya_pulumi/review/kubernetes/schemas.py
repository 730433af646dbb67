"""The schemas of Kubernetes' own kinds, from the package `kubernetes-validate`.

The package is the optional extra `schemas`. It is loaded only when a review checks objects.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from importlib.util import find_spec
from typing import Any

KUBERNETES_VERSION = "1.35"
"""The version of Kubernetes whose schemas the review uses, or the nearest one available."""

OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
"""The definition of `metadata`."""

Schema = Mapping[str, Any]

# The package describes these types by their Go fields or as `oneOf`. The API server parses their
# text, so they have keywords of their own here.
_PARSED_TYPES: Mapping[str, Schema] = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"x-kubernetes-quantity": True},
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"x-kubernetes-int-or-string": True},
}
# Fields that the schemas require, while the API server accepts or sets an empty value.
_OPTIONAL_FIELDS = """
apps.v1.ControllerRevision.revision batch.v1.PodFailurePolicy.rules
core.v1.HTTPHeader.value core.v1.ISCSIPersistentVolumeSource.lun core.v1.ISCSIVolumeSource.lun
core.v1.LimitRangeSpec.limits core.v1.PreferredSchedulingTerm.preference
core.v1.SleepAction.seconds core.v1.Sysctl.value discovery.v1.EndpointSlice.endpoints
rbac.v1.RoleRef.apiGroup resource.v1.DeviceClass.spec resource.v1.ResourceClaim.spec
resource.v1.ResourceClaimTemplate.spec resource.v1.ResourceClaimTemplateSpec.spec
scheduling.v1.PriorityClass.value storage.v1.CSIDriver.spec storage.v1.CSINode.spec
storage.v1.CSINodeSpec.drivers storage.v1.TokenRequest.audience core.v1.Event.involvedObject
apiextensions.v1.CustomResourceDefinitionVersion.served
apiextensions.v1.CustomResourceDefinitionVersion.storage
"""
_FOLDER = re.compile(r"v1\.(\d+)\.\d+-local-strict")


def is_available() -> bool:
    """Return whether the package of the schemas is installed."""
    return find_spec("kubernetes_validate") is not None


@lru_cache(maxsize=1)
def definitions() -> Mapping[str, Schema]:
    """Return every definition by its name, without unknown fields.

    Raises:
        ModuleNotFoundError: the package is not installed; see `is_available`.
    """
    folders = resources.files("kubernetes_validate") / "kubernetes-json-schema"
    wanted = int(KUBERNETES_VERSION.rpartition(".")[2])
    minors = {
        int(match[1]): folder
        for folder in folders.iterdir()
        if (match := _FOLDER.fullmatch(folder.name))
    }
    nearest = minors[min(minors, key=lambda minor: abs(minor - wanted))]
    text = (nearest / "_definitions.json").read_text(encoding="utf-8")
    loaded = {**json.loads(text)["$defs"], **_PARSED_TYPES}
    optional = set(_OPTIONAL_FIELDS.split())
    for name, definition in loaded.items():
        short_name = ".".join(name.split(".")[-3:])
        if required := definition.get("required"):
            required[:] = [field for field in required if f"{short_name}.{field}" not in optional]
    return loaded


def is_kubernetes_group(group: str) -> bool:
    """Return whether Kubernetes itself serves an API group, or did so in an older version.

    The group of a CustomResourceDefinition has a dot, and never is one of Kubernetes' own.
    """
    return "." not in group or group in _groups()


def schema_of(group: str, version: str, kind: str) -> Schema | None:
    """Return the schema of a kind of Kubernetes, or None if it has no such kind."""
    name = kinds().get((group, version, kind))
    return definitions()[name] if name else None


@lru_cache(maxsize=256)
def versions_of(group: str, kind: str) -> Sequence[str]:
    """Return the versions in which Kubernetes has a kind, sorted."""
    return tuple(
        sorted(
            version
            for known_group, version, known_kind in kinds()
            if (known_group, known_kind) == (group, kind)
        )
    )


@lru_cache(maxsize=1)
def _groups() -> frozenset[str]:
    return frozenset(group for group, _, _ in kinds())


@lru_cache(maxsize=1)
def kinds() -> Mapping[tuple[str, str, str], str]:
    """Return the name of each kind's definition, by API group, version and kind."""
    return {
        (entry["group"], entry["version"], entry["kind"]): name
        for name, definition in definitions().items()
        for entry in definition.get("x-kubernetes-group-version-kind", ())
    }
