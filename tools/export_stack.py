#!/usr/bin/env python3
"""Keep a stack of the version that is about to be released, for the tests of all later ones.

    tools/export_stack.py VERSION

Runs the program in `tests/engine/stacks/VERSION` on the real engine and writes beside it what
`pulumi stack export` gives: `up.json` after the first `pulumi up`, and `refreshed.json` after a
`pulumi refresh` that found another manifest. Secrets stay encrypted; the passphrase is that of
the tests. What is there already is never written again: a released version does not change.

Runs inside `.venv`: `.venv/bin/python tools/export_stack.py VERSION`.
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
"""The key that every stored stack was made with, and holds in its state."""
ADDRESS = "http://address.of.the.emulator"
"""What stands in the files for the address of the emulator, which has another port each time."""
PLACES = ("sourcePosition", "stackTrace")
"""What the engine notes down of the machine that it ran on: paths of files."""

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
"""Few objects, since each one stands in the state several times over."""


def export(folder: Path) -> None:
    """Run the program in the folder, and write its states beside it."""
    with Emulator(api_key=API_KEY) as emulator:
        for name in ("runner-adopted", "runner-all"):
            emulator.add_runner(name, description="Made by somebody else")
            emulator.set_manifest(name, MANIFEST)
        with Stack(
            folder,
            config={"kubiya:baseUrl": emulator.url, "kubiya:maxRetries": "0"},
            secrets={"kubiya:apiKey": API_KEY},
            # Kubernetes' provider writes files only where no cluster is named.
            env={"KUBECONFIG": ""},
        ) as stack:
            stack.up("--skip-preview")
            write(folder / "up.json", stack, emulator)
            emulator.set_manifest("runner-prod", MANIFEST.replace("info", "debug"))
            # Files, unlike objects in a cluster, cannot be refreshed.
            ours = [each["urn"] for each in stack.resources() if "/kubiya:" in each["type"]]
            stack.refresh("--skip-preview", *(f"--target={urn}" for urn in ours))
            stack.preview("--expect-no-changes")
            write(folder / "refreshed.json", stack, emulator)


def write(file: Path, stack: Stack, emulator: Emulator) -> None:
    """Write the stack's state without what is of this machine and this run."""
    state = stack.export()
    for resource in state["deployment"]["resources"]:
        for name in PLACES:
            resource.pop(name, None)
    file.write_text(json.dumps(state, indent=1).replace(emulator.url, ADDRESS) + "\n")
    print(f"wrote {file}")


def main() -> None:
    """Export the stack of the version that is named, which has to be the present one."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("version", help="the version that is about to be released")
    wanted = parser.parse_args().version
    folder, present = STACKS / wanted, version("kubiya-pulumi")
    if wanted != present:
        sys.exit(f"export_stack: version {wanted} cannot be exported: this code is {present}")
    if not (folder / "__main__.py").is_file():
        sys.exit(
            f"export_stack: {folder.relative_to(ROOT)} has no program: copy that of the version "
            "before, and add to it what is new"
        )
    if any(folder.glob("*.json")):
        sys.exit(
            f"export_stack: {folder.relative_to(ROOT)} has its states already, and those of a "
            "released version never change"
        )
    export(folder)


if __name__ == "__main__":
    main()
