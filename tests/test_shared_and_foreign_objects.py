"""The objects of a manifest that other deployments use or manage, without a cluster."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pulumi
import pytest
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace

from kubiya_pulumi.object_owners import warn_about_other_owners
from kubiya_pulumi.shared_objects import SHARED_KINDS, SHARED_TYPES, keep_shared_objects
from kubiya_pulumi.testing import Mocks, run_program

HINT = "Destroying either deployment deletes it for both; give it different names."
MANAGERS = [{"manager": f"pulumi-kubernetes-{name}"} for name in ("first", "second")]
HELM = {"meta.helm.sh/release-name": "tools", "meta.helm.sh/release-namespace": "apps"}


def warnings_about(metadata: Any, kind: type = ConfigMap, *, preview: bool = False) -> Any:
    """Return the warnings about an object with the given metadata; None if they are unknown."""

    def program() -> None:
        resource = kind("object", metadata=metadata)
        # An object of a custom kind appears as its id.
        objects = SimpleNamespace(resources=pulumi.Output.from_input([resource, "the id"]))
        warnings = warn_about_other_owners(cast(Any, objects), ignored_kinds=SHARED_KINDS)
        pulumi.export("warnings", warnings)

    return run_program(program, Mocks(), preview=preview).outputs.get("warnings")


@pytest.mark.parametrize("preview", [False, True])
@pytest.mark.parametrize(
    ("metadata", "warning"),
    [
        (
            {"name": "settings", "namespace": "shared", "annotations": HELM},
            f'ConfigMap "shared/settings" also belongs to the Helm release "apps/tools". {HINT}',
        ),
        (
            {"name": "settings", "annotations": {"meta.helm.sh/release-name": "tools"}},
            f'ConfigMap "settings" also belongs to the Helm release "default/tools". {HINT}',
        ),
    ],
)
def test_an_object_of_a_helm_release_is_reported(
    metadata: Any, warning: str, preview: bool
) -> None:
    assert warnings_about(metadata, preview=preview) == [warning]


def test_an_object_of_two_pulumi_resources_is_reported_once_it_is_applied() -> None:
    metadata = {"name": "settings", "namespace": "shared", "managed_fields": MANAGERS}
    [warning] = warnings_about(metadata)
    assert warning == (
        f'ConfigMap "shared/settings" also belongs to another Pulumi stack or resource. {HINT}'
    )
    # The second manager may be that of the resource that this one replaces.
    assert warnings_about(metadata, preview=True) == []


@pytest.mark.parametrize(
    ("kind", "metadata"),
    [
        (ConfigMap, None),
        (ConfigMap, {"name": "settings"}),
        (ConfigMap, {"name": "settings", "managed_fields": MANAGERS[:1]}),
        (ConfigMap, {"name": "settings", "managed_fields": [MANAGERS[0], {"manager": "kubectl"}]}),
        (Namespace, {"name": "shared", "managed_fields": MANAGERS, "annotations": HELM}),
    ],
)
def test_other_objects_are_not_reported(kind: type, metadata: Any) -> None:
    assert warnings_about(metadata, kind) == []


@pytest.mark.parametrize("type_", sorted(SHARED_TYPES))
def test_a_shared_object_is_kept_with_the_other_options_of_the_program(type_: str) -> None:
    opts = pulumi.ResourceOptions(protect=True)
    result = keep_shared_objects(pulumi.ResourceTransformArgs(True, type_, "n", {"a": "b"}, opts))
    assert result is not None
    assert result.props == {"a": "b"}
    assert (result.opts.retain_on_delete, result.opts.protect) == (True, True)
    assert opts.retain_on_delete is None


def test_another_object_is_not_changed() -> None:
    args = pulumi.ResourceTransformArgs(
        True, "kubernetes:core/v1:ConfigMap", "n", {}, pulumi.ResourceOptions()
    )
    assert keep_shared_objects(args) is None
