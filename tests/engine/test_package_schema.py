"""The engine accepts the package schema that the command prints."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from kubiya_pulumi.cli.main import main
from kubiya_pulumi.declarations import RUNNER
from kubiya_pulumi.dynamic.package_schema import camel_case
from tests.harness.toolchain import PATH, tool

pytestmark = pytest.mark.engine


def pulumi(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the engine with a home of its own."""
    env = {
        "HOME": str(tmp_path),
        "PATH": PATH,
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    return subprocess.run(
        [tool("pulumi"), *arguments],
        env={**env, "TMPDIR": os.environ.get("TMPDIR", "/tmp")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_engine_accepts_the_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    file = tmp_path / "schema.json"
    file.write_text(capsys.readouterr().out)

    checked = pulumi(tmp_path, "schema", "check", str(file))
    assert checked.returncode == 0, checked.stdout + checked.stderr

    printed = pulumi(tmp_path, "package", "get-schema", str(file))
    assert printed.returncode == 0, printed.stderr
    package = json.loads(printed.stdout)
    runner = package["resources"]["kubiya:index:Runner"]
    assert runner["properties"]["manifestUrl"]["secret"] is True
    assert "requiredInputs" not in runner, "the resource class sets a default"
    manifest = package["resources"]["kubiya:index:RunnerManifest"]
    assert manifest["requiredInputs"] == ["runner"]
    assert runner["inputProperties"]["name"]["replaceOnChanges"] is True
    assert "taskId" not in runner["inputProperties"]
    visible = {name for name, item in RUNNER.outputs.items() if not item.hidden}
    assert runner["properties"].keys() == {camel_case(name) for name in visible}

    deployment = package["resources"]["kubiya:index:RunnerDeployment"]
    assert deployment["isComponent"] is True
    assert deployment["properties"]["manifestUrl"]["secret"] is True
    assert deployment["inputProperties"]["timeoutSeconds"]["default"] == 600

    functions = package["functions"]
    assert functions.keys() == {
        f"kubiya:index:{name}"
        for name in ("getRunner", "getRunners", "getRunnerHealth", "getRunnerManifest")
    }
    get_manifest = functions["kubiya:index:getRunnerManifest"]
    assert get_manifest["inputs"]["required"] == ["name"]
    assert get_manifest["outputs"]["properties"]["content"]["secret"] is True
    assert get_manifest["outputs"]["properties"].keys() == manifest["properties"].keys()
