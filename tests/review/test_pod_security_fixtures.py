"""The review agrees with the fixtures of the Pod Security admission controller.

The fixtures are part of the Go module `k8s.io/pod-security-admission`, which the control plane of
the tests is built from, and are read from Go's module cache.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from build import GO
from pins import KUBERNETES

from kubiya_pulumi.review import parse_manifest, review
from tests.harness.toolchain import ROOT, tool

MODULE = "k8s.io/pod-security-admission"
MINOR = ".".join(KUBERNETES.split(".")[:2])
EXPECTED_FIXTURES = 148

# The prefix of a fixture's file name, and the rule for the same control. A fixture with the suffix
# `_baseline` or `_restricted` violates the control of that profile.
RULES = {
    "allowprivilegeescalation": "restricted-privilege-escalation",
    "apparmorprofile": "baseline-app-armor",
    "capabilities_baseline": "baseline-capabilities",
    "capabilities_restricted": "restricted-capabilities",
    "hostnamespaces": "baseline-host-namespaces",
    "hostpathvolumes": "baseline-host-path-volumes",
    "hostports": "baseline-host-ports",
    "hostprobesandhostlifecycle": "baseline-host-probes",
    "privileged": "baseline-privileged-containers",
    "procmount": "baseline-proc-mount",
    "procmount_restricted": "restricted-proc-mount",
    "restrictedvolumes": "restricted-volume-types",
    "runasnonroot": "restricted-run-as-non-root",
    "runasuser": "restricted-run-as-user",
    "seccompprofile_baseline": "baseline-seccomp",
    "seccompprofile_restricted": "restricted-seccomp",
    "selinuxoptions": "baseline-se-linux",
    "sysctls": "baseline-sysctls",
    "windowshostprocess": "baseline-host-process",
}
PROFILES = {"baseline": ("baseline-",), "restricted": ("baseline-", "restricted-")}


@pytest.fixture(scope="module")
def fixtures() -> Path:
    """The folder of the fixtures, in Go's module cache."""
    result = subprocess.run(
        [tool("go"), "mod", "download", "-json", MODULE],
        cwd=ROOT / "tools" / "kubernetes",
        env={**os.environ, **GO},
        capture_output=True,
        check=True,
        text=True,
    )
    module = json.loads(result.stdout)
    assert module["Version"] == f"v0.{KUBERNETES.partition('.')[2]}"
    return Path(module["Dir"], "test", "testdata")


def broken(fixture: Path, profile: str) -> set[str]:
    """Return the rules of a profile that the pod of a fixture breaks."""
    findings = review(parse_manifest(fixture.read_text(encoding="utf-8"))).findings
    return {finding.rule for finding in findings if finding.rule.startswith(PROFILES[profile])}


@pytest.mark.tools
@pytest.mark.parametrize("profile", PROFILES)
def test_the_review_agrees_with_the_fixtures(profile: str, fixtures: Path) -> None:
    folder = fixtures / profile / f"v{MINOR}"
    for path in (folder / "pass").iterdir():
        assert broken(path, profile) == set(), path.name
    for path in (folder / "fail").iterdir():
        name = re.sub(r"\d+\.yaml$", "", path.name)
        assert RULES[name] in broken(path, profile), path.name


@pytest.mark.tools
def test_every_fixture_and_control_is_covered(fixtures: Path) -> None:
    folders = [fixtures / profile / f"v{MINOR}" for profile in PROFILES]
    names = [path.name for folder in folders for path in folder.rglob("*.yaml")]
    assert len(names) == EXPECTED_FIXTURES
    prefixes = {re.sub(r"\d*\.yaml$", "", name) for name in names}
    assert prefixes == {*RULES, "base", "base_linux", "base_windows"}
