"""Keep the objects of a manifest that other deployments may use when a stack is destroyed."""

from __future__ import annotations

import pulumi

# Deleting one of these also deletes objects that are not in the manifest: everything in the
# namespace, or every object of the custom kind.
SHARED_TYPES = frozenset(
    {
        "kubernetes:core/v1:Namespace",
        "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
        "kubernetes:apiextensions.k8s.io/v1beta1:CustomResourceDefinition",
    }
)
"""The types of resources that `keep_shared_objects` keeps."""
SHARED_KINDS = frozenset(type_.rpartition(":")[2] for type_ in SHARED_TYPES)
"""Their kinds."""


def keep_shared_objects(
    args: pulumi.ResourceTransformArgs,
) -> pulumi.ResourceTransformResult | None:
    """Keep Namespaces and CustomResourceDefinitions in the cluster when the stack removes them.

    This is a transform for the resource that applies a manifest:

        ConfigGroup(
            "objects",
            yaml=manifest.content,
            opts=pulumi.ResourceOptions(transforms=[keep_shared_objects]),
        )

    Args:
        args: a resource of the program, or of a component in it.

    Returns:
        the same resource with the option `retain_on_delete`, or None if it has another type.
    """
    if args.type_ not in SHARED_TYPES:
        return None
    opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(retain_on_delete=True))
    return pulumi.ResourceTransformResult(args.props, opts)
