"""The fields of pods and containers in a mapping of any kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubiya_pulumi.review.kubernetes.coerce import (
    as_list,
    as_mapping,
    as_mappings,
    as_str,
    is_number,
)
from kubiya_pulumi.review.kubernetes.workloads import CONTAINER_LISTS, Container

# More fields for containers: the steps of Tekton, the templates of Argo Workflows. Their entries
# count as containers only if they have an image.
_STEP_LISTS = ("steps", "sidecars")
_SINGLE_CONTAINERS = ("container", "script")

_HOST_NAMESPACES = ("hostNetwork", "hostPID", "hostIPC")
_CONTEXTS = ("securityContext", "podSecurityContext", "containerSecurityContext")
_ACCOUNTS = ("serviceAccountName", "serviceAccount")
_OTHER_FIELDS = ("privileged", "hostPath", "volumes", "image")
_KEYS = frozenset(
    {
        *CONTAINER_LISTS,
        *_STEP_LISTS,
        *_SINGLE_CONTAINERS,
        *_HOST_NAMESPACES,
        *_CONTEXTS,
        *_ACCOUNTS,
        *_OTHER_FIELDS,
    }
)


def has_pod_keys(value: Mapping[str, Any]) -> bool:
    """Return whether a mapping may have containers, images or fields of a pod: a fast test."""
    return not _KEYS.isdisjoint(value) or any(
        isinstance(key, str) and key.endswith("Image") for key in value
    )


def listed_containers(spec: Mapping[str, Any]) -> tuple[Container, ...]:
    """Return the containers in the specification of a pod."""
    return tuple(entry for key in CONTAINER_LISTS for entry in as_mappings(spec.get(key)))


def named_containers(value: Mapping[str, Any]) -> list[tuple[str, Container]]:
    """Return the containers in a mapping, each with a name for it if it has none."""
    steps = [("unnamed", step) for key in _STEP_LISTS for step in as_mappings(value.get(key))]
    singles = [(key, as_mapping(value.get(key))) for key in _SINGLE_CONTAINERS]
    return [
        *(("unnamed", container) for container in listed_containers(value)),
        *((name, container) for name, container in (*steps, *singles) if images_in(container)),
    ]


def images_in(value: Mapping[str, Any]) -> dict[str, str]:
    """Return the images that a mapping sets, by their field: `image`, `baseImage`.

    An image is a string, as in a container, or a mapping of its parts, as in the values of a Helm
    chart.
    """
    images = {}
    for key, entry in value.items():
        if key == "image" or as_str(key).endswith("Image"):
            image = _join_parts(entry) if isinstance(entry, Mapping) else as_str(entry)
            # Another text, such as a description, may also have a name like this.
            is_name = ("/" in image or ":" in image) and " " not in image
            if image and (key == "image" or is_name):
                images[key] = image
    return images


def _join_parts(image: Mapping[str, Any]) -> str:
    def part(key: str, prefix: str = "", suffix: str = "") -> str:
        value = image.get(key)
        text = str(value) if is_number(value) else as_str(value)
        return f"{prefix}{text}{suffix}" if text else ""

    repository = part("repository")
    return (
        part("registry", suffix="/") + repository + part("tag", ":") + part("digest", "@")
        if repository
        else ""
    )


def pod_fields(value: Mapping[str, Any]) -> list[str]:
    """Return the fields of a mapping that set something of a pod, besides its containers."""
    return [
        *(key for key in (*_HOST_NAMESPACES, "privileged") if value.get(key) is True),
        *(key for key in _ACCOUNTS if as_str(value.get(key))),
        *(key for key in _CONTEXTS if as_mapping(value.get(key))),
        *(key for key in ("hostPath",) if as_mapping(value.get(key)) or as_str(value.get(key))),
        *(key for key in ("volumes",) if as_mappings(value.get(key))),
    ]


def inherit(spec: dict[str, Any], outer: Mapping[str, Any]) -> None:
    """Add to the specification of a pod what the object sets around it, for all of its pods.

    A field of the pod overrides the same field around it. A node's namespace is shared if either
    of them shares it, and the pod has the volumes of both.
    """
    for key in (*_ACCOUNTS, "securityContext", "imagePullSecrets"):
        if spec.get(key) is None and key in outer:
            spec[key] = outer[key]
    for key in _HOST_NAMESPACES:
        if outer.get(key) is True:
            spec[key] = True
    if volumes := as_mappings(outer.get("volumes")):
        spec["volumes"] = [*as_list(spec.get("volumes")), *volumes]


def part_of_pod(
    value: Mapping[str, Any], fields: list[str], name: str
) -> tuple[dict[str, Any], tuple[Container, ...]]:
    """Return the specification and the containers of the pod that some fields are a part of.

    Args:
        value: the mapping with the fields.
        fields: the fields, from `images_in` and `pod_fields`.
        name: the name for a container that has no image.
    """
    spec = {key: value[key] for key in fields if key in (*_HOST_NAMESPACES, *_ACCOUNTS)}
    context, pod_context, container_context = (
        as_mapping(value.get(key)) if key in fields else {} for key in _CONTEXTS
    )
    spec["securityContext"] = pod_context or context
    spec["volumes"] = as_list(value.get("volumes")) if "volumes" in fields else []
    if "hostPath" in fields:
        path = value["hostPath"]
        source = path if isinstance(path, Mapping) else {"path": path}
        spec["volumes"] = [*spec["volumes"], {"name": "hostPath", "hostPath": source}]
    of_container = dict(container_context or context)
    if "privileged" in fields:
        of_container["privileged"] = True
    images = {key: image for key, image in images_in(value).items() if key in fields}
    if of_container and not images:
        images = {name: ""}
    containers = tuple(
        {"name": key, "image": image, "securityContext": of_container}
        for key, image in images.items()
    )
    return spec, containers
