"""Objects that existed before the stack, imported on a real cluster without a change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.cluster.conftest import MakeStack
from tests.cluster.deployments import WIDGET_DEFINITION
from tests.harness.engine import Stack
from tests.harness.importing import next_steps, run_import
from tests.harness.kubectl import Kubectl

pytestmark = [pytest.mark.engine, pytest.mark.cluster]

SECRETS = ("c2VjcmV0LWRhdGE", "secret-text", "secret-entry", "secret-variable", "secret-spec")
DEFINITIONS = (
    """
apiVersion: v1
kind: Namespace
metadata: {name: imported}
---"""
    + WIDGET_DEFINITION
)
MANIFEST = (
    DEFINITIONS
    + """\
---
apiVersion: v1
kind: Secret
metadata: {name: texts, namespace: imported}
stringData: {password: secret-text}
---
apiVersion: v1
kind: Secret
metadata: {name: data, namespace: imported}
data: {password: c2VjcmV0LWRhdGE=}
type: Opaque
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: imported, annotations: {owner: tools}}
data: {DB_PASSWORD: secret-entry, EMPTY: ""}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: widget, namespace: imported}
spec: {token: secret-spec, sizes: [1, 2], empty: {}}
---
apiVersion: v1
kind: List
items:
- apiVersion: rbac.authorization.k8s.io/v1
  kind: ClusterRole
  metadata: {name: imported, namespace: ""}
  rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
- apiVersion: v1
  kind: Service
  metadata: {name: tools, namespace: imported}
  spec: {selector: {app: tools}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: imported}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1024Mi}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: cleanup, namespace: imported, creationTimestamp: null}
spec:
  schedule: "0 0 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: tools, image: "example.com/tools:1", args: [--all, ""]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: tools, namespace: imported, annotations: {pulumi.com/skipAwait: "true"}}
spec:
  selector: {matchLabels: {app: tools}}
  template:
    metadata: {labels: {app: tools}}
    spec:
      tolerations: [{key: dedicated, value: tools}]
      containers:
      - name: tools
        image: "example.com/tools:1"
        command: [tools, serve]
        env: [{name: API_TOKEN, value: secret-variable}, {name: EMPTY, value: ""}]
        resources: {limits: {cpu: 1000m, memory: 128Mi}}
        readinessProbe: {httpGet: {path: /, port: 80, httpHeaders: [{name: Accept, value: "*/*"}]}}
"""
)
WITHOUT_NAMESPACE = """\
---
apiVersion: v1
kind: ConfigMap
metadata: {name: somewhere}
data: {a: b}
"""


def versions(kubectl: Kubectl, file: Path) -> dict[str, tuple[Any, ...]]:
    """Return what any change of an object would change, by its kind and name."""
    read = kubectl("get", "--filename", str(file), "--output=json")
    return {
        f"{item['kind']}/{item['metadata']['name']}": tuple(
            item["metadata"].get(key) for key in ("uid", "generation", "resourceVersion")
        )
        for item in json.loads(read)["items"]
    }


def changes(stack: Stack, *args: str) -> dict[str, str]:
    """Return what a preview would do, without what stays the same."""
    steps = json.loads(stack.run("preview", "--json", *args).stdout)["steps"]
    unchanged = ("same", "refresh")
    changed = [
        (step["urn"].split("$")[-1], step["op"]) for step in steps if step["op"] not in unchanged
    ]
    return {f"{urn.split('::')[0].split(':')[-1]} {urn.split(':')[-1]}": op for urn, op in changed}


def apply(kubectl: Kubectl, tmp_path: Path, manifest: str, *args: str) -> Path:
    """Apply a manifest without Pulumi, first what the rest requires. Return its file."""
    file = tmp_path / "manifest.yaml"
    for text in (DEFINITIONS, manifest):
        file.write_text(text)
        kubectl("apply", "--filename", str(file), *args)
        kubectl("wait", "--for=condition=Established", "crd", "widgets.example.com")
    return file


@pytest.mark.parametrize("how", ["client-side", "server-side"])
def test_imported_objects_are_only_read_and_then_managed(
    stack: MakeStack, emulator: Emulator, kubectl: Kubectl, tmp_path: Path, how: str
) -> None:
    emulator.add_runner("runner-prod")
    emulator.set_manifest("runner-prod", MANIFEST)
    file = apply(kubectl, tmp_path, MANIFEST, *(["--server-side"] if how == "server-side" else []))
    before = versions(kubectl, file)
    dev = stack("")
    files = ("--output", "r.json", "--program", "__main__.py", "--force")
    imported = run_import(dev, "--deployment", *files)
    assert (imported.returncode, imported.stderr) == (0, "")
    assert f"contains {len(before)} Kubernetes objects" in imported.stdout
    written = (dev.program / "r.json").read_text() + (dev.program / "__main__.py").read_text()
    assert [secret for secret in SECRETS if secret in written] == []
    [import_, refresh, preview, update] = next_steps(imported.stdout)
    dev.run(*import_, "--yes", "--skip-preview")
    dev.run(*refresh, "--yes", "--skip-preview")
    dev.run(*preview, "--expect-no-changes")
    dev.run(*update, "--yes", "--skip-preview", "--expect-no-changes")
    assert versions(kubectl, file) == before
    assert [call.operation for call in emulator.calls if call.method != "GET"] == []

    kubectl("set", "image", "--namespace=imported", "deployment/tools", "tools=example.com/tools:2")
    kubectl("delete", "service", "tools", "--namespace=imported")
    kubectl("delete", "secret", "data", "--namespace=imported")
    # The field belongs to kubectl, as docs/existing-runners.md says.
    dev.env = {**dev.env, "PULUMI_K8S_ENABLE_PATCH_FORCE": "true"}
    assert changes(dev, "--refresh") == {
        "Deployment imported/tools": "update",
        "Service imported/tools": "create",
        "Secret imported/data": "create",
    }

    dev.destroy("--skip-preview")
    found = kubectl.list("namespaces") + kubectl.list("customresourcedefinitions")
    assert {"imported", "widgets.example.com"} <= {item["metadata"]["name"] for item in found}
    kinds = ("secrets", "configmaps", "services", "deployments", "cronjobs", "widgets")
    left = [item for kind in kinds for item in kubectl.list(kind, "--namespace=imported")]
    assert {item["metadata"]["name"] for item in left} <= {"kube-root-ca.crt"}


def test_objects_without_a_known_namespace_are_taken_over(
    stack: MakeStack, emulator: Emulator, kubectl: Kubectl, tmp_path: Path
) -> None:
    manifest = MANIFEST + WITHOUT_NAMESPACE
    emulator.add_runner("runner-prod")
    emulator.set_manifest("runner-prod", manifest)
    file = apply(kubectl, tmp_path, manifest)
    before = versions(kubectl, file)
    dev = stack("")
    files = ("--output", "r.json", "--program", "__main__.py", "--force")
    imported = run_import(dev, "--deployment", "--allow-plaintext-secrets", *files)
    assert imported.returncode == 0
    assert imported.stderr == (
        "import: objects are not in the import file, because the manifest does not tell their "
        "namespace or scope: ConfigMap/default/somewhere. `pulumi up` takes them over.\n"
    )
    [import_, refresh, setting, _preview, _update] = next_steps(imported.stdout)
    dev.run(*import_, "--yes", "--skip-preview")
    # The secrets are encrypted from the beginning.
    assert [s for s in SECRETS[:2] if s in dev.run("stack", "export").stdout] == []
    dev.run(*refresh, "--yes", "--skip-preview")
    assert changes(dev) == {"ConfigMap default/somewhere": "create"}
    dev.run(*setting)
    dev.up("--skip-preview")
    after = versions(kubectl, file)
    assert {name for name in before if before[name] != after[name]} == {"ConfigMap/somewhere"}
    dev.preview("--refresh", "--expect-no-changes")
