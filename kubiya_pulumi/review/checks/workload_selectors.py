"""Selectors of workloads that do not select their own pods, which the API server refuses.

See https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#selector
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kubiya_pulumi.review.kubernetes.coerce import as_mapping, get_path
from kubiya_pulumi.review.kubernetes.inventory import Item
from kubiya_pulumi.review.kubernetes.roles import selects

_KINDS = frozenset({"DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"})


def selector_problems(item: Item) -> Iterator[str]:
    """Yield a sentence if the selector of a workload is empty, or does not match its template."""
    if item.reference.kind not in _KINDS or item.reference.api_version != "apps/v1":
        return
    selector = get_path(item.body, "spec", "selector")
    if not isinstance(selector, Mapping):
        return
    labels = as_mapping(get_path(item.body, "spec", "template", "metadata", "labels"))
    if not (selector.get("matchLabels") or selector.get("matchExpressions")):
        yield "Field spec.selector is empty; set its matchLabels to the labels of the template."
    elif not selects(selector, labels):
        yield (
            "Field spec.selector does not match spec.template.metadata.labels; make their labels "
            "equal."
        )
