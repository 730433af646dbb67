"""A program whose policy denies invalid objects is told if they were not checked."""

from __future__ import annotations

import sys
from typing import Any, cast

import pulumi
import pytest

from kubiya_pulumi.review import ManifestPolicy
from kubiya_pulumi.review.checks.object_validity import MISSING_PACKAGE
from kubiya_pulumi.runner_manifest import ManifestRefusedError, enforce_policy

MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: flags}\ndata: {enabled: yes}\n"


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The warnings of the program."""
    texts: list[str] = []
    monkeypatch.setattr(pulumi, "warn", lambda text, _: texts.append(text))
    return texts


def enforce(*deny: str) -> None:
    resource = cast(Any, None)
    policy = ManifestPolicy(deny=deny)
    enforce_policy(MANIFEST, runner="r", expected_sha256=None, policy=policy, resource=resource)


@pytest.mark.parametrize("deny", ["*", "error", "invalid-object"])
def test_an_invalid_object_is_refused(deny: str, warnings: list[str]) -> None:
    with pytest.raises(ManifestRefusedError, match="invalid-object: ConfigMap/default/flags"):
        enforce(deny)
    assert warnings == []


@pytest.mark.parametrize("deny", ["*", "error"])
def test_a_policy_that_denies_everything_warns(
    deny: str, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "kubernetes_validate", None)
    enforce(deny)
    [warning] = warnings
    assert warning.count(MISSING_PACKAGE) == 1


def test_another_policy_does_not_warn(warnings: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kubernetes_validate", None)
    enforce("full-access")
    assert warnings == []
