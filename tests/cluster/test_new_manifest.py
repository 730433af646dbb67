"""A manifest that changed upstream, on its way into a real cluster."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from kubiya_pulumi.emulator import Emulator
from tests.harness.engine import Stack
from tests.harness.kubectl import Kubectl
from tests.harness.toolchain import ROOT

pytestmark = [pytest.mark.engine, pytest.mark.cluster]


def upgraded(manifest: str) -> str:
    """The manifest with another setting and without one of its Services."""
    objects = [
        each
        for each in yaml.safe_load_all(manifest.replace("LOG_LEVEL: info", "LOG_LEVEL: debug"))
        if (each["kind"], each["metadata"]["name"]) != ("Service", "workflow-engine")
    ]
    return yaml.safe_dump_all(objects, sort_keys=False)


def test_a_new_manifest_is_shown_object_by_object_and_then_applied(
    emulator: Emulator, control_plane: Path
) -> None:
    kubectl = Kubectl(control_plane)
    with Stack(
        ROOT / "examples" / "runner",
        config={"kubiya:baseUrl": emulator.url},
        secrets={"kubiya:apiKey": emulator.api_key},
        env={"KUBECONFIG": str(control_plane)},
    ) as stack:
        stack.up("--skip-preview")
        runner = emulator.runners["runner-prod"]
        emulator.set_manifest("runner-prod", upgraded(runner.manifest))
        stack.preview("--expect-no-changes")
        shown = stack.preview("--refresh", "--diff").stdout
        assert re.search(r'LOG_LEVEL *: "info" => "debug"', shown)
        assert "- kubernetes:core/v1:Service: (delete)" in shown

        stack.refresh("--skip-preview")
        here = f"--namespace={runner.namespace}"
        assert "workflow-engine" in kubectl("get", "services", "--output=name", here)
        stack.up("--skip-preview")
        [settings] = [
            each
            for each in kubectl.list("configmaps", here)
            if each["metadata"]["name"] == "runner-settings"
        ]
        assert settings["data"]["LOG_LEVEL"] == "debug"
        assert "workflow-engine" not in kubectl("get", "services", "--output=name", here)
        stack.preview("--refresh", "--expect-no-changes")
        stack.destroy("--skip-preview")
