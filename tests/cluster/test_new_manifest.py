"""A manifest that changed upstream is applied to a real cluster."""

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
    """Return the manifest with a changed setting and without one of its Services."""
    text = manifest.replace("LOG_LEVEL: info", "LOG_LEVEL: debug")
    objects = [
        kept
        for kept in yaml.safe_load_all(text)
        if (kept["kind"], kept["metadata"]["name"]) != ("Service", "workflow-engine")
    ]
    return yaml.safe_dump_all(objects, sort_keys=False)


def test_changed_objects_are_shown_in_the_preview_and_then_applied(
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
        diff = stack.preview("--refresh", "--diff").stdout
        assert re.search(r'LOG_LEVEL *: "info" => "debug"', diff)
        assert "- kubernetes:core/v1:Service: (delete)" in diff

        stack.refresh("--skip-preview")
        namespace = f"--namespace={runner.namespace}"
        assert "workflow-engine" in kubectl("get", "services", "--output=name", namespace)
        stack.up("--skip-preview")
        [settings] = [
            config_map
            for config_map in kubectl.list("configmaps", namespace)
            if config_map["metadata"]["name"] == "runner-settings"
        ]
        assert settings["data"]["LOG_LEVEL"] == "debug"
        assert "workflow-engine" not in kubectl("get", "services", "--output=name", namespace)
        stack.preview("--refresh", "--expect-no-changes")
        stack.destroy("--skip-preview")
