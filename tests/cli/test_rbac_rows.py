"""A grant as a row of a table: a role whose rules are unknown never reads like nothing."""

from __future__ import annotations

from kubiya_pulumi.cli.rbac_rows import grant_cells
from kubiya_pulumi.review import review
from tests.review.manifest_objects import Object, cluster_role, grant_role, parsed, rule


def cells(*objects: Object) -> list[tuple[str, ...]]:
    grants = review(parsed(*objects)).grants
    return [grant_cells(grant, ", ".join, "; ") for grant in grants]


def test_a_role_that_is_not_in_the_manifest() -> None:
    assert cells(grant_role("platform-superuser")) == [
        (
            "ServiceAccount runners/app",
            "all that the role allows",
            "",
            "the whole cluster",
            "ClusterRole/platform-superuser, ClusterRoleBinding/app",
        )
    ]


def test_a_rule_without_verbs() -> None:
    [(_, verbs, resources, *_)] = cells(cluster_role(rule("core", "pods", "")), grant_role("app"))
    assert (verbs, resources) == ("", "pods")
