#!/usr/bin/env python3
"""Export a stack of the version that is about to be released, to test later versions with it.

    tools/export_stack.py VERSION

This runs the program in `tests/engine/stacks/VERSION` on the real engine and writes the output of
`pulumi stack export` into the same folder: `up.json` after the first `pulumi up`, and
`refreshed.json` after a `pulumi refresh` that found a new manifest. Secrets stay encrypted with
the passphrase of the tests. Existing files are never overwritten, because the state of a released
version does not change.

Run it inside `.venv`: `.venv/bin/python tools/export_stack.py VERSION`.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from kubiya_pulumi.emulator import Emulator
from tests.harness.engine import Stack
from tests.harness.toolchain import ROOT

STACKS = ROOT / "tests" / "engine" / "stacks"
API_KEY = "key-of-an-old-stack"
"""The API key with which every stored stack was created. Its state contains the key."""
ADDRESS = "http://address.of.the.emulator"
"""The placeholder for the address of the emulator, whose port differs in each run."""
SOURCE_POSITIONS = ("sourcePosition", "stackTrace")
"""Fields in which the engine records file paths of the machine that it ran on."""

MANIFEST = """\
apiVersion: v1
kind: Namespace
metadata: {name: kubiya-system}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: runner-settings, namespace: kubiya-system}
data: {LOG_LEVEL: info}
---
apiVersion: v1
kind: Secret
metadata: {name: nats-credentials, namespace: kubiya-system}
stringData: {token: token-of-an-old-stack}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: tool-manager, namespace: kubiya-system}
spec:
  selector: {matchLabels: {app: tool-manager}}
  template:
    metadata: {labels: {app: tool-manager}}
    spec:
      containers: [{name: tool-manager, image: "ghcr.io/kubiyabot/tool-manager:v2.0.0"}]
"""
"""A small manifest, because the state contains each object several times."""


def export(folder: Path) -> None:
    """Run the program in the folder, and write its states into the same folder."""
    with Emulator(api_key=API_KEY) as emulator:
        for name in ("runner-adopted", "runner-all"):
            emulator.add_runner(name, description="Made by somebody else")
            emulator.set_manifest(name, MANIFEST)
        with Stack(
            folder,
            config={"kubiya:baseUrl": emulator.url, "kubiya:maxRetries": "0"},
            secrets={"kubiya:apiKey": API_KEY},
            # The Kubernetes provider writes files only if KUBECONFIG is empty.
            env={"KUBECONFIG": ""},
        ) as stack:
            stack.up("--skip-preview")
            write(folder / "up.json", stack, emulator)
            emulator.set_manifest("runner-prod", MANIFEST.replace("info", "debug"))
            # Files, unlike objects in a cluster, cannot be refreshed.
            urns = [
                resource["urn"] for resource in stack.resources() if "/kubiya:" in resource["type"]
            ]
            stack.refresh("--skip-preview", *(f"--target={urn}" for urn in urns))
            stack.preview("--expect-no-changes")
            write(folder / "refreshed.json", stack, emulator)


def write(file: Path, stack: Stack, emulator: Emulator) -> None:
    """Write the state of the stack, without details of this machine and this run."""
    state = stack.export()
    for resource in state["deployment"]["resources"]:
        for name in SOURCE_POSITIONS:
            resource.pop(name, None)
    file.write_text(json.dumps(state, indent=1).replace(emulator.url, ADDRESS) + "\n")
    print(f"wrote {file}")


def main() -> None:
    """Export the stack of a version, which must be the current one."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("version", help="the version that is about to be released")
    requested = parser.parse_args().version
    folder, current = STACKS / requested, version("kubiya-pulumi")
    if requested != current:
        sys.exit(f"export_stack: cannot export version {requested}: this is version {current}")
    if not (folder / "__main__.py").is_file():
        sys.exit(
            f"export_stack: {folder.relative_to(ROOT)} has no program: copy that of the "
            "previous version, and add what is new"
        )
    if any(folder.glob("*.json")):
        sys.exit(
            f"export_stack: {folder.relative_to(ROOT)} already has its states, which never "
            "change for a released version"
        )
    export(folder)


if __name__ == "__main__":
    main()
