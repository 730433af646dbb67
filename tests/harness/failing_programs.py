"""Run programs that fail in many ways, and collect what the engine prints about each resource."""

from __future__ import annotations

import contextlib
import io
import os
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from unittest import mock

from kubiya_pulumi.cli.main import main
from kubiya_pulumi.emulator import Emulator
from tests.harness.engine import Result, Stack

SERVICE = "https://api.kubiya.example"
"""Replaces the URL of the emulator in messages."""
OTHER_SERVICE = "https://api.other.example"
"""Replaces the URL of the other emulator."""
KEY, FORBIDDEN_KEY = "key-of-the-service", "key-without-permission"
_REPLACED = {
    re.compile(r"[0-9a-f]{64}"): "…",
    re.compile(r"The emulator injected a fault"): "(the message of the service)",
    re.compile(r":$"): ": …",  # The lines that follow it are not part of the page.
}
"""What differs between runs, or names the emulator."""

_IMPORTS = """
import pulumi
from kubiya_pulumi import (
    KubiyaProvider, KubiyaRunner, ManifestPolicy, RunnerHealth, RunnerManifest,
    get_runner, get_runners,
)
from kubiya_pulumi.runner_deployment import RunnerDeployment

Options = pulumi.ResourceOptions
config = pulumi.Config()
url, other_url, closed_url = map(config.require, ("url", "other", "closed"))


def provider(name, **settings):
    return KubiyaProvider(f"{name}-provider", **{"base_url": url, "max_retries": 0, **settings})


def through(name, **settings):
    return Options(provider=provider(name, **{"api_key": config.require("key"), **settings}))
"""

_PROGRAM_ERRORS = (
    _IMPORTS
    + '''
def get(name, **settings):
    """Read the runners with settings that are known in the program."""
    given = {"base_url": "https://api.kubiya.ai", **settings}
    get_runners(opts=pulumi.InvokeOptions(provider=KubiyaProvider(f"{name}-provider", **given)))


failures = {
    "no-key": lambda: get("no-key"),
    "prefixed-key": lambda: get("prefixed-key", api_key="UserKey abc"),
    "bare-host": lambda: get("bare-host", api_key="k", base_url="api.kubiya.ai"),
    "plain-http": lambda: get("plain-http", api_key="k", base_url="http://api.kubiya.ai"),
    "no-bundle": lambda: get("no-bundle", api_key="k", ca_bundle="authority.pem"),
    "slash": lambda: get_runner("team/runner"),
    "get": lambda: get_runner("runner-prod"),
    "import": lambda: KubiyaRunner("runner-prod", opts=Options(import_="runner-prod")),
    "mappings": lambda: RunnerDeployment(
        "runner-prod", opts=Options(env_var_mappings={"KEY": "KUBIYA_API_KEY"})
    ),
    "set": lambda: RunnerHealth("health", runner="runner-prod", checks={"tool-manager"}),
    "policy": lambda: ManifestPolicy(deny=["full-acess"]),
}
for name, fail in failures.items():
    try:
        fail()
    except pulumi.RunError as error:
        # What Pulumi does with the error that ends a program, but for a resource of this name.
        pulumi.log.error(str(error), pulumi.ComponentResource("docs:index:Failure", name))
'''
)
_TWIN = (
    _IMPORTS
    + """
first = KubiyaRunner("runner", name="runner-prod")
KubiyaRunner("twin", name="runner-prod", description=123, opts=Options(depends_on=[first]))
"""
)
_GATE = (
    _IMPORTS
    + """
RunnerHealth("gate", runner=None, triggers=[pulumi.FileAsset("__main__.py")])
"""
)
_EXISTING = (
    _IMPORTS
    + """
KubiyaRunner("old-name", name="renamed")
for name in ("replaced", "gone", "undeletable"):
    KubiyaRunner(name, description="one")
KubiyaRunner("elsewhere", description="one", opts=through("elsewhere"))
KubiyaRunner("stored-key", opts=through("stored-key", base_url=other_url))
RunnerManifest("manifest", runner="reviewed")
"""
)
_MANIFEST = (
    _IMPORTS
    + """
RunnerManifest("manifest", runner="reviewed", ARGUMENT)
"""
)
_FAILING = (
    _IMPORTS
    + """
KubiyaRunner("rejected-key", opts=through("rejected-key", api_key="a-revoked-key"))
KubiyaRunner("forbidden-key", opts=through("forbidden-key", api_key=config.require("forbidden")))
KubiyaRunner("refused", opts=through("refused", base_url=closed_url))
KubiyaRunner("no-tls", opts=through("no-tls", base_url=url.replace("http:", "https:")))
KubiyaRunner("slow", opts=through("slow", timeout_seconds=2))
KubiyaRunner("console", opts=through("console", base_url=f"{url}/console"))
for name in ("existing", "owned", "invisible", "refused-name"):
    KubiyaRunner(name)
for name in ("web-page", "limited", "unavailable"):
    KubiyaRunner(name)
KubiyaRunner("renamed", name="renamed")
for name in ("replaced", "gone", "undeletable"):
    KubiyaRunner(name, description="two" if name != "undeletable" else "one")
KubiyaRunner("elsewhere", description="two", opts=through("elsewhere", base_url=other_url))
KubiyaRunner("stored-key", opts=through("stored-key", base_url=other_url))
RunnerManifest("manifest-gone", runner="manifest-gone")
RunnerManifest("manifest-page", runner="manifest-page")
at_other = through("manifest-expired", base_url=other_url)
RunnerManifest("manifest-expired", runner="manifest-expired", opts=at_other)
RunnerHealth("sick", runner="sick", timeout_seconds=0)
RunnerHealth("health-gone", runner="health-gone")
"""
)

_BLOCK = re.compile(r"^ {2}(\S+) \((\S+)\):\n((?: {4}.*\n|\n)*)", re.MULTILINE)
_MESSAGE = re.compile(r"^ {4}error: (?:Preview failed: )?(.*)$", re.MULTILINE)
_CHECK = re.compile(r".* resource '[^']+'(?:: property (\w+) value .*)? has a problem: (.*)")
_ENGINE = ("update failed", "Resource monitor has terminated", "an unhandled error occurred")


@dataclass
class _Collector:
    """The first message about each resource."""

    urls: dict[str, str]
    messages: dict[str, str] = field(default_factory=dict)

    def add(self, result: Result, program: str | None = None) -> None:
        """Add the errors that a command printed; those of the program under the given name."""
        _, _, diagnostics = result.stdout.partition("Diagnostics:\n")
        for type_, name, lines in _BLOCK.findall(diagnostics):
            for message in _MESSAGE.findall(lines):
                if message.startswith(_ENGINE):
                    continue
                check = _CHECK.fullmatch(message)
                if check:
                    self.put(
                        f"{name}:{check[1]}", f"property {check[1]} … has a problem: {check[2]}"
                    )
                elif type_ != "pulumi:pulumi:Stack":
                    self.put(name, message)
                elif program:
                    self.put(program, message)

    def put(self, name: str, message: str) -> None:
        for url, replacement in self.urls.items():
            message = message.replace(url, replacement)
        for pattern, replacement in _REPLACED.items():
            message = pattern.sub(replacement, message)
        self.messages.setdefault(name, message)


def collect_messages() -> dict[str, str]:
    """Return what the engine and the command print about each failure in `failures`."""
    with Emulator() as emulator, Emulator() as other, _closed_url() as closed:
        for service in (emulator, other):
            service.configure(
                api_key=KEY, forbidden_keys=(FORBIDDEN_KEY,), manifest_content="absent"
            )
        secure = emulator.url.replace("http:", "https:")
        urls = {closed: SERVICE, emulator.url: SERVICE, secure: SERVICE, other.url: OTHER_SERVICE}
        collector = _Collector(urls)
        settings = {"url": emulator.url, "other": other.url, "closed": closed}
        with Stack(
            _PROGRAM_ERRORS,
            config={"kubiya:baseUrl": emulator.url, "kubiya:maxRetries": "0", **settings},
            secrets={"kubiya:apiKey": KEY, "key": KEY, "forbidden": FORBIDDEN_KEY},
        ) as stack:
            collector.add(stack.preview(check=False))
            _fail_resources(stack, emulator, other, collector)
        _fail_commands(emulator, collector)
    return collector.messages


def _fail_resources(
    stack: Stack, emulator: Emulator, other: Emulator, collector: _Collector
) -> None:
    for program in (_TWIN, _GATE):
        stack.rewrite(program)
        collector.add(stack.preview(check=False))
    emulator.add_runner("reviewed")
    stack.rewrite(_EXISTING)
    stack.up("--skip-preview")
    for name, argument in (
        ("denied", 'policy=ManifestPolicy(deny=["*"])'),
        ("pinned", f'expected_sha256="{"0" * 64}"'),
    ):
        stack.rewrite(_MANIFEST.replace("ARGUMENT", argument))
        collector.add(stack.preview(check=False), program=name)
    _break(emulator, other)
    stack.rewrite(_FAILING)
    collector.add(stack.up("--skip-preview", "--continue-on-error", check=False))
    other.configure(api_key="a-new-key")
    emulator.faults.add("status", operation="deleteRunner", runner="undeletable", status=405)
    collector.add(stack.destroy("--skip-preview", "--continue-on-error", check=False))


def _break(emulator: Emulator, other: Emulator) -> None:
    """Change the services so that each resource of the next program fails."""
    emulator.remove_runner("gone")
    for name in ("replaced", "owned"):
        if name in emulator.runners:
            emulator.remove_runner(name)
        emulator.add_runner(name, managed_by="terraform", task_id="runners/7")
    for name in ("existing", "manifest-page", "sick"):
        emulator.add_runner(name)
    emulator.set_health("sick", failing={"tool-manager": "no route to NATS"})
    create = {"operation": "createRunner"}
    emulator.faults.add("hang", seconds=4, runner="slow", **create)
    emulator.faults.add("html", runner="web-page", **create)
    emulator.faults.add("status", status=429, retry_after="30", runner="limited", **create)
    emulator.faults.add("status", status=503, runner="unavailable", **create)
    emulator.faults.add("status", status=409, runner="invisible", **create)
    emulator.faults.add("status", status=400, runner="refused-name", **create)
    emulator.set_manifest("manifest-page", "<html><body>Sign in</body></html>")
    # A download does not name its runner, so that the fault would affect every one.
    other.add_runner("manifest-expired")
    other.faults.add("status", operation="downloadManifest", status=403)


def _fail_commands(emulator: Emulator, collector: _Collector) -> None:
    settings = {"KUBIYA_BASE_URL": emulator.url}
    collector.put("command-key", _command(settings, "review", "--runner", "runner-prod"))
    settings["KUBIYA_API_KEY"] = KEY
    collector.put("command-gone", _command(settings, "review", "--runner", "runner-prod"))


def _command(environment: dict[str, str], *arguments: str) -> str:
    printed = io.StringIO()
    with mock.patch.dict(os.environ, environment), contextlib.redirect_stderr(printed):
        main(arguments)
    return printed.getvalue().strip()


@contextlib.contextmanager
def _closed_url() -> Iterator[str]:
    """Yield a URL at which nothing listens. The port stays reserved."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{reserved.getsockname()[1]}"
