"""Secrets never appear in plain text: in the state, files, logs or errors."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from kubiya_pulumi.emulator import Emulator
from tests.engine.conftest import MakeStack
from tests.engine.sentences import sentence
from tests.engine.states import is_secret
from tests.harness.engine import Stack
from tests.harness.secrets import MIN_LENGTH, find_secrets
from tests.harness.toolchain import ROOT

pytestmark = [pytest.mark.engine, pytest.mark.cluster]

EXAMPLES = ROOT / "examples"


class Echo(BaseHTTPRequestHandler):
    """A service that fails and repeats the whole request in its error."""

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        echo = {name: f"{self.headers[name]} {body}" for name in self.headers}
        error = json.dumps({"error": {"code": echo["Authorization"], "message": str(echo)}})
        self.send_response(int(self.path.split("/")[1]))
        self.end_headers()
        self.wfile.write(error.encode())

    do_PUT = do_GET  # noqa: N815  (the name is given by http.server)

    def log_message(self, *args: object) -> None:
        """Do not log requests."""


@pytest.fixture
def echo() -> Iterator[str]:
    """The URL of an `Echo` service. Its path starts with the status of the response."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def secrets_of(emulator: Emulator) -> dict[str, str]:
    """Return the API key, the URLs of the manifests, and the values in their Secrets, by name."""
    secrets = {"the API key": emulator.api_key}
    for runner in emulator.runners.values():
        secrets["the URL of the manifest"] = emulator.manifest_url(runner.name)
        secrets["the file in the URL"] = runner.manifest_file
        for manifest_object in yaml.safe_load_all(runner.manifest):
            if manifest_object["kind"] == "Secret":
                for key, value in manifest_object["data"].items():
                    name = f"{key} of {manifest_object['metadata']['name']}"
                    secrets[f"{name}, encoded"] = value
                    # The lines of a text may occur separately.
                    for number, line in enumerate(base64.b64decode(value).decode().splitlines()):
                        if len(line) >= MIN_LENGTH and not line.startswith("-----"):
                            secrets[f"{name}, line {number}"] = line
    assert len(secrets) > 10
    return secrets


def assert_no_secrets(dev: Stack, secrets: dict[str, str]) -> None:
    """Search the output and all files, including the history of the state."""
    assert find_secrets(secrets, transcript=dev.transcript, folder=dev.folder) == []


@pytest.mark.parametrize("example", ["runner", "config-file"])
def test_no_command_shows_or_stores_a_secret(
    emulator: Emulator, stack: MakeStack, control_plane: Path, echo: str, example: str
) -> None:
    dev = stack(EXAMPLES / example, env={"KUBECONFIG": str(control_plane)})
    dev.up(verbose=True)
    secrets = secrets_of(emulator)
    assert_no_secrets(dev, secrets)
    settings = yaml.safe_load((dev.program / "Pulumi.dev.yaml").read_text())["config"]
    assert settings["kubiya:apiKey"].keys() == {"secure"}

    dev.preview("--diff", verbose=True)
    new = emulator.runners["runner-prod"].manifest.replace("nats.creds: ", "nats.creds: bmV3")
    emulator.set_manifest("runner-prod", new)
    secrets |= {f"new {name}": secret for name, secret in secrets_of(emulator).items()}
    dev.refresh("--diff", verbose=True)
    dev.up("--diff", verbose=True)
    assert_no_secrets(dev, secrets)

    source = (EXAMPLES / example / "__main__.py").read_text()
    dev.rewrite(source.replace("Runs our tools", "Ran our tools"))
    for status in (401, 500):
        dev.configure({"kubiya:baseUrl": f"{echo}/{status}"})
        failed = dev.up("--skip-preview", check=False, verbose=True)
        assert f"the service returned {status} (UserKey ***" in sentence(failed)
    dev.configure({"kubiya:baseUrl": emulator.url})
    dev.up("--diff", verbose=True)
    assert emulator.runners["runner-prod"].description == "Ran our tools in production"
    assert_no_secrets(dev, secrets)
    dev.destroy("--diff", verbose=True)
    assert_no_secrets(dev, secrets)
    assert "kubiya:apiKey" in dev.transcript, "the log contains the settings of the provider"


def test_outputs_that_contain_secrets_are_secret(emulator: Emulator, stack: MakeStack) -> None:
    program = """
import pulumi
from kubiya_pulumi import KubiyaRunner, RunnerManifest

runner = KubiyaRunner("runner-prod")
manifest = RunnerManifest("manifest", runner=runner.id)
pulumi.export("runner_url", runner.manifest_url)
pulumi.export("content", pulumi.Output.concat("text: ", manifest.content))
pulumi.export("url", manifest.url)
pulumi.export("sha256", manifest.sha256)
pulumi.export("images", manifest.images)
"""
    dev = stack(program)
    dev.up("--skip-preview", verbose=True)
    [outputs] = [root["outputs"] for root in dev.resources("pulumi:pulumi:Stack")]
    assert {name for name, value in outputs.items() if is_secret(value)} == {
        "runner_url", "content", "url"
    }  # fmt: skip
    assert_no_secrets(dev, secrets_of(emulator))
    assert "ghcr.io/kubiyabot/agent-manager:v2.0.0" in dev.transcript
