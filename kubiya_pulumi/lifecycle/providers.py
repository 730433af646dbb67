"""The classes that `pulumi.dynamic` stores in the state and calls.

A stack stores a reference to the class, not its code. The path of this module and the names of the
classes are in the state of every stack, so **neither can change** unless the old name stays
importable. Instances have no attributes when they are stored; settings arrive with `configure`.
"""

from __future__ import annotations

from typing import ClassVar

from pulumi.dynamic import ConfigureRequest, ReadResult

from kubiya_pulumi import api, config
from kubiya_pulumi.api import RunnersApi, SettingError
from kubiya_pulumi.api.connection import MAX_CONNECTIONS
from kubiya_pulumi.api.error_advice import STORED_SETTINGS
from kubiya_pulumi.dynamic.dynamic_provider import DynamicProvider, EngineProperties
from kubiya_pulumi.dynamic.handler import InputFailure
from kubiya_pulumi.dynamic.plugin import (
    forward_logs_to_stdout,
    increase_plugin_concurrency,
    on_cancel,
    stored_input,
    timeout_of_call,
)
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.lifecycle.runner import RunnerHandler
from kubiya_pulumi.lifecycle.runner_health import RunnerHealthHandler
from kubiya_pulumi.lifecycle.runner_manifest import RunnerManifestHandler


class _KubiyaDynamicProvider(DynamicProvider):
    """What the providers of this package share: settings, client and errors."""

    errors: ClassVar[tuple[type[Exception], ...]] = (KubiyaError,)

    def configure(self, req: ConfigureRequest) -> None:
        self._configured = req.config.get
        for logger in ("kubiya_pulumi.lifecycle", config.__name__):
            forward_logs_to_stdout(logger)
        # A further call would only wait for a connection.
        increase_plugin_concurrency(MAX_CONNECTIONS)

    def api(self) -> RunnersApi:
        # Found on first use: only a plugin process calls it, and it loads the HTTP client.
        return api.shared_client(config.read_connection(self._configured))

    def describe_error(self, error: Exception, method: str) -> str:
        # Elsewhere the program runs, with the current settings.
        if getattr(error, "names_setting", False) and method in ("read", "delete"):
            return f"{error} {STORED_SETTINGS}."
        return str(error)

    def setting_failures(self) -> list[InputFailure]:
        try:
            config.read_connection(self._configured)
        except SettingError as error:
            return [InputFailure("", str(error))]
        return []


class RunnerProvider(_KubiyaDynamicProvider):
    """The lifecycle of `pulumi-python:dynamic/kubiya:Runner`."""

    handler: ClassVar[RunnerHandler] = RunnerHandler()

    def configure(self, req: ConfigureRequest) -> None:
        """Take the settings, and start to hold names: this process serves one command."""
        super().configure(req)
        self.handler.names.enable()


class RunnerManifestProvider(_KubiyaDynamicProvider):
    """The lifecycle of `pulumi-python:dynamic/kubiya:RunnerManifest`."""

    handler: ClassVar[RunnerManifestHandler] = RunnerManifestHandler()

    def read(self, id_: str, props: EngineProperties) -> ReadResult:
        """Download the manifest, and keep the one that the program pins, if it is another one."""
        pin = {"expected_sha256": stored_input("expected_sha256")}
        return super().read(id_, {**props, **pin})


class RunnerHealthProvider(_KubiyaDynamicProvider):
    """The lifecycle of `pulumi-python:dynamic/kubiya:RunnerHealth`."""

    handler: ClassVar[RunnerHealthHandler] = RunnerHealthHandler(timeout_of_call=timeout_of_call)

    def configure(self, req: ConfigureRequest) -> None:
        """Take the settings, and end the waits when the user cancels the command."""
        super().configure(req)
        on_cancel(self.handler.cancellation.cancel)
