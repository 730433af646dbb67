"""`Emulator`: start, stop and control an emulator from Python."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from kubiya_pulumi.emulator.admin import admin_application
from kubiya_pulumi.emulator.app import Application
from kubiya_pulumi.emulator.backend import Backend
from kubiya_pulumi.emulator.errors import EmulatorError, RequestError
from kubiya_pulumi.emulator.faults import Faults
from kubiya_pulumi.emulator.http_server import HttpServer, listen
from kubiya_pulumi.emulator.models import Call, HealthOverride, Runner
from kubiya_pulumi.emulator.options import EmulatorOptions


class Emulator:
    """A local Runners API over HTTP.

    It runs between `start` and `stop`, or inside a `with` block:

        with Emulator(form="observed") as emulator:
            ...  # send requests to emulator.url with the key emulator.api_key

    A stopped emulator can be restarted and keeps its runners, options, faults and calls. Every
    attribute and method can be used from any thread. `url`, `runners` and the methods that concern
    a runner require a running emulator, and raise `EmulatorError` otherwise.

    Args:
        host: the loopback address to listen on. Default: 127.0.0.1.
        port: the port. Default: 0, a free one at each start.
        state: the file that keeps the runners. Default: None, they are kept in memory.
        follow_cluster: the kubeconfig of the cluster whose Deployments determine the health of the
            runners. Default: None.
        on_call: called with each API call when its response is ready to be sent. Default: None.
        **options: the fields of `EmulatorOptions`.

    Raises:
        OptionError: an option does not exist or has an invalid value.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        state: str | PathLike[str] | None = None,
        follow_cluster: str | PathLike[str] | None = None,
        on_call: Callable[[Call], None] | None = None,
        **options: Any,
    ) -> None:
        self._host = host
        self._port = port
        self._on_call = on_call
        self._backend = Backend(
            EmulatorOptions().with_changes(options),
            state=None if state is None else Path(state),
            follow_cluster=None if follow_cluster is None else Path(follow_cluster),
        )
        self._url: str | None = None
        self._finalizer: weakref.finalize[..., Emulator] | None = None

    def start(self) -> None:
        """Listen on the address and serve requests, in a thread.

        Raises:
            AddressError: the address is not a loopback address, or it is in use.
            StateFileError: the state file cannot be used.
            ClusterError: the kubeconfig cannot be used.
            EmulatorError: the emulator is already running.
        """
        if self._url is not None:
            raise EmulatorError(f"The emulator is already running at {self._url}.")
        listener = listen(self._host, self._port)
        try:
            self._backend.open()
        except BaseException:
            listener.close()
            raise
        address, port = listener.getsockname()[:2]
        application = Application(self._backend, admin_application(self._backend), self._on_call)
        server = HttpServer(application, listener, on_stopped=self._backend.close)
        # Also stops the server of an emulator that is garbage-collected: the server and its thread
        # do not refer to the emulator.
        self._finalizer = weakref.finalize(self, server.stop)
        self._url = f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"
        if not server.start():
            self.stop()
            raise EmulatorError("The emulator did not start.")

    def stop(self) -> None:
        """Stop serving requests and close all connections. Do nothing if it is not running."""
        self._url = None
        if self._finalizer is not None:
            self._finalizer()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The URL of the API, such as `http://127.0.0.1:40123`.

        Raises:
            EmulatorError: the emulator is not running.
        """
        if self._url is None:
            raise EmulatorError(
                "The emulator has no URL until it runs; call start() first, or use a with block."
            )
        return self._url

    @property
    def api_key(self) -> str:
        """A key that the emulator accepts: the option `api_key`, or a random one."""
        return self._backend.options.api_key or self._backend.key

    @property
    def options(self) -> EmulatorOptions:
        """The current options. They can be replaced at any time."""
        return self._backend.options

    @options.setter
    def options(self, options: EmulatorOptions) -> None:
        self._backend.options = options

    def configure(self, **options: Any) -> None:
        """Change some of the options.

        Args:
            **options: the new values of fields of `EmulatorOptions`.

        Raises:
            OptionError: an option does not exist or has an invalid value.
        """
        self._backend.options = self._backend.options.with_changes(options)

    @property
    def faults(self) -> Faults:
        """The failures that the emulator injects into calls."""
        return self._backend.faults

    @property
    def calls(self) -> list[Call]:
        """Copies of the API calls received so far, in the order of their arrival."""
        return self._backend.calls()

    def clear_calls(self) -> None:
        """Empty the list of calls."""
        self._backend.clear_calls()

    @property
    def runners(self) -> Mapping[str, Runner]:
        """A snapshot of the runners by name.

        Raises:
            EmulatorError: the emulator is not running.
        """
        return MappingProxyType({runner.name: runner for runner in self._backend.store.all()})

    def add_runner(
        self,
        name: str,
        *,
        description: str | None = None,
        managed_by: str | None = None,
        task_id: str | None = None,
        namespace: str | None = None,
    ) -> Runner:
        """Add a runner that another client created.

        Args:
            name: the runner's name.
            description: its description. Default: None.
            managed_by: the tool that owns it. Default: None.
            task_id: the owner's task that created it. Default: None.
            namespace: the namespace of the objects in its manifest. Default: `kubiya-system` if no
                other runner uses it or the option `manifest_objects` is `shared`; otherwise
                `kubiya-system-<name>`.

        Raises:
            EmulatorError: a runner with this name exists, or the name is invalid.
        """
        return self._backend.add(
            name,
            description=description,
            managed_by=managed_by,
            task_id=task_id,
            namespace=namespace,
        )

    def remove_runner(self, name: str) -> None:
        """Remove a runner that another client deleted.

        Raises:
            KeyError: the runner does not exist.
        """
        if not self._backend.store.delete(name):
            raise KeyError(name)

    def set_manifest(self, name: str, text: str) -> None:
        """Replace the text of a runner's manifest, as an upgrade of the service would.

        Raises:
            KeyError: the runner does not exist.
        """
        with _key_error(name):
            self._backend.set_manifest(name, text)

    def set_health(
        self,
        name: str,
        *,
        healthy: bool | None = None,
        failing: Mapping[str, str] | None = None,
    ) -> None:
        """Set a runner's health. Without arguments, it follows from the age or the cluster.

        Args:
            name: the runner's name.
            healthy: whether the checks that are not in `failing` pass. Default: None, which means
                True if `failing` is set.
            failing: the error text of each failing check, by the name of the check, such as
                `tool-manager`. Default: None.

        Raises:
            KeyError: the runner does not exist.
        """
        with _key_error(name):
            self._backend.set_health(name, HealthOverride.of(healthy, failing or {}))

    def manifest_url(self, name: str) -> str:
        """Return the URL of a runner's manifest.

        Raises:
            KeyError: the runner does not exist.
        """
        with _key_error(name):
            return f"{self.url}/manifests/{self._backend.runner(name).manifest_file}"


@contextlib.contextmanager
def _key_error(name: str) -> Iterator[None]:
    """Raise `KeyError` for a runner that does not exist."""
    try:
        yield
    except RequestError:
        raise KeyError(name) from None
