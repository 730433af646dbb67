"""The resources that a preview shows only in part, so that the report cannot review them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from kubiya_pulumi.declarations import RUNNER_MANIFEST
from kubiya_pulumi.preview_report.changes import Changes
from kubiya_pulumi.preview_report.hidden import Hidden, Path, hidden_paths
from kubiya_pulumi.preview_report.object_shape import is_rbac, is_reviewed, malformed_paths
from kubiya_pulumi.preview_report.objects import (
    PATCH_SUFFIX,
    declared_type,
    is_object,
    is_release,
    type_of,
)
from kubiya_pulumi.preview_report.preview import Preview, ResourceRef
from kubiya_pulumi.preview_report.steps import State, Step

_PLAIN_KEY = re.compile(r"[\w-]+")
_KUBERNETES_PROVIDER = "pulumi:providers:kubernetes"
_CHANGES_OF_PROVIDERS = frozenset({"create-replacement", "replace", "update"})
# Roles and bindings in a form of their own, and the users and groups of security contexts.
# https://github.com/openshift/api/blob/master/authorization/v1/types.go
# https://github.com/openshift/api/blob/master/security/v1/types.go
_OPENSHIFT_GROUPS = frozenset({"authorization.openshift.io", "security.openshift.io"})
_WITH_OLD_STATE = frozenset({"delete", "delete-replaced", "replace", "same", "update"})


class Reason(StrEnum):
    """Why a resource, or a part of it, was not reviewed."""

    UNKNOWN = "unknown until the update"
    SECRET = "secret"  # noqa: S105
    MALFORMED = "not in the form that Kubernetes defines"
    NO_PROPERTIES = "The preview does not contain its properties."
    UNKNOWN_CONTENT = "Its content is unknown until the update."
    UNKNOWN_OBJECTS = "Its objects are unknown until the update."
    NO_OBJECTS = "The preview does not contain its objects."
    RELEASE = "Helm renders its objects during the update."
    PATCH = "It changes a part of an object that the preview does not contain."
    LIST = "The objects of a list are not reviewed."
    CLUSTER = "It may connect to another cluster after the update."
    OPENSHIFT = "The permissions of OpenShift's own kinds are not compared."


class Unreviewed(NamedTuple):
    """A resource that was not reviewed, or not wholly."""

    resource: ResourceRef
    reason: Reason
    paths: tuple[str, ...] = ()
    """The properties that the reason applies to. Empty for the whole resource."""


def find_unreviewed(preview: Preview, changes: Changes) -> tuple[Unreviewed, ...]:
    """Return what an update changes and the preview does not show, sorted by type and name."""
    found = [Unreviewed(component, Reason.UNKNOWN_OBJECTS) for component in preview.incomplete]
    found += _components_without_objects(preview, changes)
    for step in changes.applied:
        found += _of_step(step, is_deleted=False)
    for step in changes.deleted:
        found += _of_step(step, is_deleted=True)
    for step in preview.steps:
        if _may_change_cluster(step):
            found.append(Unreviewed(ResourceRef.of(step.urn), Reason.CLUSTER))
    if any(_is_rbac(step) for step in (*changes.applied, *changes.deleted)):
        # A new binding grants the rules of a role that does not change.
        for step in preview.steps:
            if step.operation == "same" and _is_rbac(step):
                found += _of_object(step, is_deleted=False)
    return tuple(sorted(dict.fromkeys(found)))


def _of_step(step: Step, *, is_deleted: bool) -> Iterator[Unreviewed]:
    resource = ResourceRef.of(step.urn)
    if step.urn.type == RUNNER_MANIFEST.type_token and not is_deleted:
        # A preview has no outputs of a resource that it changes.
        yield Unreviewed(resource, Reason.UNKNOWN_CONTENT)
    elif is_release(step.urn.type):
        yield Unreviewed(resource, Reason.RELEASE)
    elif is_object(step):
        yield from _of_object(step, is_deleted=is_deleted)


def _of_object(step: Step, *, is_deleted: bool) -> Iterator[Unreviewed]:
    """Yield what the states of an object do not show.

    The state before counts only for RBAC, whose permissions are gained and lost.
    """
    resource = ResourceRef.of(step.urn)
    new = None if is_deleted else step.new
    old = step.old if _is_rbac(step) else None
    is_old_missing = step.old is None and step.operation in _WITH_OLD_STATE
    if is_old_missing or (step.new is None and not is_deleted):
        yield Unreviewed(resource, Reason.NO_PROPERTIES)
    paths: dict[Reason, dict[str, None]] = {
        reason: {} for reason in (Reason.UNKNOWN, Reason.SECRET, Reason.MALFORMED)
    }
    for state in filter(None, (new, old)):
        for reason, path in _hidden_parts(step, state):
            paths[reason][_path_text(path)] = None
    for reason, texts in paths.items():
        if texts:
            yield Unreviewed(resource, reason, tuple(texts))
    if _api_version(step).rpartition("/")[0] in _OPENSHIFT_GROUPS:
        yield Unreviewed(resource, Reason.OPENSHIFT)
    if new and step.urn.type.endswith(PATCH_SUFFIX):
        yield Unreviewed(resource, Reason.PATCH)
    if new and "items" in new.inputs and type_of(step, new.inputs)[1].endswith("List"):
        yield Unreviewed(resource, Reason.LIST)


def _hidden_parts(step: Step, state: State) -> Iterator[tuple[Reason, Path]]:
    api_version, kind = type_of(step, state.inputs)
    for path, hidden in hidden_paths(state.inputs):
        if is_reviewed(api_version, kind, path):
            yield Reason.SECRET if hidden is Hidden.SECRET else Reason.UNKNOWN, path
    for path in malformed_paths(api_version, kind, state.inputs):
        yield Reason.MALFORMED, path
    if (api_version, kind) != declared_type(step):
        yield Reason.MALFORMED, ("kind",)


def _components_without_objects(preview: Preview, changes: Changes) -> Iterator[Unreviewed]:
    """Yield the components of a manifest or chart below which the preview has no object.

    Some of them list no objects, or only deleted ones, while their arguments are unknown.
    """
    removed = (*changes.deleted, *changes.kept, *changes.forgotten, *changes.spurious_deletes)
    gone = {step.urn for step in removed}
    live = {step.parent for step in preview.steps if step.urn not in gone}
    appearing = {step.urn for step in (*changes.created, *changes.replaced, *changes.imported)}
    candidates = dict.fromkeys(
        [step.urn for step in changes.applied] + [step.parent for step in removed]
    )
    for urn in candidates:
        is_empty = urn.is_component and urn not in live and urn not in gone
        # Otherwise its unchanged objects may be among those that the preview omits.
        if is_empty and (preview.unchanged_listed or urn in appearing):
            resource = ResourceRef.of(urn)
            if resource not in preview.incomplete:
                yield Unreviewed(resource, Reason.NO_OBJECTS)


def _may_change_cluster(step: Step) -> bool:
    """Return whether a provider of Kubernetes changes in more than the version of its package."""
    is_version_only = step.operation == "update" and step.changed_paths == ("version",)
    is_changed = step.operation in _CHANGES_OF_PROVIDERS and not is_version_only
    return is_changed and step.urn.type == _KUBERNETES_PROVIDER


def _is_rbac(step: Step) -> bool:
    return is_object(step) and is_rbac(_api_version(step))


def _api_version(step: Step) -> str:
    state = step.new or step.old
    return type_of(step, state.inputs if state else {})[0]


def _path_text(path: Path) -> str:
    """Return a path as Pulumi writes it, such as `spec.containers[0].image`."""
    text = ""
    for part in path:
        if isinstance(part, str) and _PLAIN_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f"[{part}]" if isinstance(part, int) else f'["{part}"]'
    return text or "all properties"
