"""No secret in plain text, whatever happens: in the state, in a file, in the log, in an error."""

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
    """A service that fails, and says in its error whatever it was told."""

    def do_GET(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        heard = {name: f"{self.headers[name]} {sent}" for name in self.headers}
        message = json.dumps({"error": {"code": heard["Authorization"], "message": str(heard)}})
        self.send_response(int(self.path.split("/")[1]))
        self.end_headers()
        self.wfile.write(message.encode())

    do_PUT = do_GET  # noqa: N815  (as http.server calls it)

    def log_message(self, *args: object) -> None:
        """Keep the tests' own output quiet."""


@pytest.fixture
def echo() -> Iterator[str]:
    """The URL of such a service; the path begins with the status that it answers."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def secrets_of(emulator: Emulator) -> dict[str, str]:
    """All that nobody may see: the key, the manifests' URLs, and what is in their Secrets."""
    found = {"the API key": emulator.api_key}
    for runner in emulator.runners.values():
        found["the manifest's URL"] = emulator.manifest_url(runner.name)
        found["the file in it"] = runner.manifest_file
        for each in yaml.safe_load_all(runner.manifest):
            if each["kind"] == "Secret":
                for key, value in each["data"].items():
                    name = f"{key} of {each['metadata']['name']}"
                    found[f"{name}, encoded"] = value
                    # A text of several lines may be written down line by line.
                    for number, line in enumerate(base64.b64decode(value).decode().splitlines()):
                        if len(line) >= MIN_LENGTH and not line.startswith("-----"):
                            found[f"{name}, line {number}"] = line
    assert len(found) > 10
    return found


def look(dev: Stack, secrets: dict[str, str]) -> None:
    """Search all that was printed, and all files: the state with its history, the settings."""
    assert find_secrets(secrets, transcript=dev.transcript, folder=dev.folder) == []


@pytest.mark.parametrize("example", ["runner", "config-file"])
def test_a_whole_life_without_a_secret_in_plain_text(
    emulator: Emulator, stack: MakeStack, control_plane: Path, echo: str, example: str
) -> None:
    dev = stack(EXAMPLES / example, env={"KUBECONFIG": str(control_plane)})
    dev.up(verbose=True)
    secrets = secrets_of(emulator)
    look(dev, secrets)
    settings = yaml.safe_load((dev.program / "Pulumi.dev.yaml").read_text())["config"]
    assert settings["kubiya:apiKey"].keys() == {"secure"}

    dev.preview("--diff", verbose=True)
    new = emulator.runners["runner-prod"].manifest.replace("nats.creds: ", "nats.creds: bmV3")
    emulator.set_manifest("runner-prod", new)
    secrets |= {f"new {name}": secret for name, secret in secrets_of(emulator).items()}
    dev.refresh("--diff", verbose=True)
    dev.up("--diff", verbose=True)
    look(dev, secrets)

    source = (EXAMPLES / example / "__main__.py").read_text()
    dev.rewrite(source.replace("Runs our tools", "Ran our tools"))
    for status in (401, 500):
        dev.configure({"kubiya:baseUrl": f"{echo}/{status}"})
        failed = dev.up("--skip-preview", check=False, verbose=True)
        assert f"the service returned {status} (UserKey ***" in sentence(failed)
    dev.configure({"kubiya:baseUrl": emulator.url})
    dev.up("--diff", verbose=True)
    assert emulator.runners["runner-prod"].description == "Ran our tools in production"
    look(dev, secrets)
    dev.destroy("--diff", verbose=True)
    look(dev, secrets)
    assert "kubiya:apiKey" in dev.transcript, "the log does say what the provider was given"


def test_what_is_shown_of_secret_outputs(emulator: Emulator, stack: MakeStack) -> None:
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
    [outputs] = [each["outputs"] for each in dev.resources("pulumi:pulumi:Stack")]
    assert {name for name, value in outputs.items() if is_secret(value)} == {
        "runner_url", "content", "url"
    }  # fmt: skip
    look(dev, secrets_of(emulator))
    assert "ghcr.io/kubiyabot/agent-manager:v2.0.0" in dev.transcript
