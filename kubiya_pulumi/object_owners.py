"""Warn about Kubernetes objects of a stack that belong to another deployment as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

import pulumi
from pulumi_kubernetes.yaml.v2 import ConfigGroup

_HELM_RELEASE = "meta.helm.sh/release-name"
_HELM_NAMESPACE = "meta.helm.sh/release-namespace"
_PULUMI_MANAGER = "pulumi-kubernetes"
"""The Kubernetes provider gives each resource a field manager whose name begins with this."""


def warn_about_other_owners(
    objects: ConfigGroup, *, ignored_kinds: Set[str]
) -> pulumi.Output[Sequence[str]]:
    """Warn about each object that a Helm release or another Pulumi resource manages, too.

    The warning comes as soon as the Kubernetes provider knows the live object: in the preview for
    an object of a Helm release, and after the update that took it over for an object of another
    Pulumi resource.

    Args:
        objects: the objects of a manifest. Objects of custom kinds are not checked.
        ignored_kinds: the kinds of objects to leave out.

    Returns:
        the warnings; unknown in a preview that does not know all of the objects.
    """

    async def warn(resources: Sequence[object] | None) -> Sequence[str]:
        warnings = []
        for resource in resources or ():
            # An object of a custom kind appears as its id.
            if not isinstance(resource, pulumi.CustomResource):
                continue
            if type(resource).__name__ in ignored_kinds:
                continue
            if warning := await _warning_about(resource):
                pulumi.log.warn(warning, resource)
                warnings.append(warning)
        return warnings

    return objects.resources.apply(warn)


async def _warning_about(resource: pulumi.CustomResource) -> str | None:
    metadata = await pulumi.Output.from_input(getattr(resource, "metadata", None)).future()
    if not metadata:
        return None
    # In a preview, only the id of an existing resource is known. The dry run of any other one may
    # be that of a replacement, whose second field manager is that of the replaced resource.
    owner = _other_owner(metadata, is_applied=await resource.id.is_known())
    if owner is None:
        return None
    namespace = metadata.get("namespace")
    name = f"{namespace}/{metadata['name']}" if namespace else metadata["name"]
    return (
        f'{type(resource).__name__} "{name}" also belongs to {owner}. Destroying either deployment '
        "deletes it for both; give it different names."
    )


def _other_owner(metadata: Mapping[str, Any], *, is_applied: bool) -> str | None:
    annotations = metadata.get("annotations") or {}
    if release := annotations.get(_HELM_RELEASE):
        return f'the Helm release "{annotations.get(_HELM_NAMESPACE, "default")}/{release}"'
    managers = {
        str(entry.get("manager"))
        for entry in metadata.get("managed_fields") or ()
        if str(entry.get("manager")).startswith(_PULUMI_MANAGER)
    }
    if is_applied and len(managers) > 1:
        return "another Pulumi stack or resource"
    return None
