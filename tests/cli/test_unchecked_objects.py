"""`kubiya-pulumi review` without the schemas of Kubernetes says what it did not check."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from kubiya_pulumi.cli.main import main
from kubiya_pulumi.review.checks.object_validity import MISSING_PACKAGE

MANIFEST = """
apiVersion: v1
kind: ConfigMap
metadata: {name: flags}
data: {enabled: yes}
"""


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of a manifest. The package of the schemas is hidden."""
    monkeypatch.setitem(sys.modules, "kubernetes_validate", None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    Path("manifest.yaml").write_text(MANIFEST)
    return "manifest.yaml"


@pytest.mark.parametrize("form", ["table", "json", "markdown", "sarif"])
@pytest.mark.parametrize("deny", ["*", "error", "full-access"])
def test_every_format_says_so_once(
    form: str, deny: str, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["review", file, "--format", form, "--deny", deny]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    text = out.replace("\\\\[", "[").replace("\\\\]", "]")  # SARIF escapes links
    assert text.count(MISSING_PACKAGE) == 1


def test_json_has_it_as_a_field(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review", file, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["unchecked"] == [MISSING_PACKAGE]


def test_a_policy_that_names_the_rule_is_refused(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["review", file, "--deny", "invalid-object"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "pip install 'kubiya-pulumi[schemas]'" in err
