"""The emulator as a server in a thread: `Emulator`."""

import asyncio
import contextlib
import ipaddress
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self

import uvicorn

from kubiya_pulumi.emulator.admin import control
from kubiya_pulumi.emulator.app import Application
from kubiya_pulumi.emulator.backend import Service
from kubiya_pulumi.emulator.connection import HttpProtocol
from kubiya_pulumi.emulator.errors import AddressError, EmulatorError, RefusedRequest
from kubiya_pulumi.emulator.faults import Faults
from kubiya_pulumi.emulator.models import Call, HealthOverride, Runner
from kubiya_pulumi.emulator.options import EmulatorOptions

__all__ = ["Emulator"]

_GRACE_SECONDS: Final = 0.2  # for answers on their way when the emulator stops
_BACKLOG: Final = 1024
_LAST_PORT: Final = 65535


class Emulator:
    """A local Runners API over HTTP, as a context manager; it answers inside the `with` block.

    All attributes and methods can be used from any thread while it runs.

    Args:
        host: the loopback address to listen on.
        port: the port; 0 for a free one.
        state: the file that keeps the runners; None keeps them in memory.
        follow_cluster: the kubeconfig of the cluster whose Deployments decide on the health.
        access: called with each call of the API once it is answered.
        **switches: how it answers; see `EmulatorOptions`.

    Raises:
        OptionError: a switch that cannot be.
        AddressError: the address is not this machine's alone, or in use.
        StateFileError: the state file cannot be used.
        ClusterError: the kubeconfig cannot be used.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        state: str | PathLike[str] | None = None,
        follow_cluster: str | PathLike[str] | None = None,
        access: Callable[[Call], None] | None = None,
        **switches: Any,
    ) -> None:
        chosen = EmulatorOptions().changed(switches)
        self._socket = _listen(host, port)
        try:
            self._service = Service(
                chosen,
                state=None if state is None else Path(state),
                follow_cluster=None if follow_cluster is None else Path(follow_cluster),
            )
        except BaseException:
            self._socket.close()
            raise
        address, self._port = self._socket.getsockname()[:2]
        self._host = f"[{address}]" if ":" in address else address
        application = Application(self._service, control(self._service), access)
        self._server = _Server(application)
        self._thread = threading.Thread(target=self._serve, name="kubiya-emulator", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server.ready.wait()
        if not self._server.started:
            self.__exit__()
            raise EmulatorError("The emulator did not start.")
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
        self._service.close()

    def _serve(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._server.ready.set()

    @property
    def url(self) -> str:
        """Where it answers, such as `http://127.0.0.1:40123`."""
        return f"http://{self._host}:{self._port}"

    @property
    def api_key(self) -> str:
        """A key that it accepts: the one that is pinned, or a random one of its own."""
        return self._service.switches.api_key or self._service.key

    @property
    def switches(self) -> EmulatorOptions:
        """How it answers; can be set while it runs."""
        return self._service.switches

    @switches.setter
    def switches(self, switches: EmulatorOptions) -> None:
        self._service.switches = switches

    def configure(self, **changes: Any) -> None:
        """Changes some of the switches.

        Raises:
            OptionError: a switch that cannot be.
        """
        self._service.switches = self._service.switches.changed(changes)

    @property
    def faults(self) -> Faults:
        """What goes wrong on calls to come."""
        return self._service.faults

    @property
    def calls(self) -> list[Call]:
        """Copies of the calls that it has seen, in the order of their arrival."""
        return self._service.calls()

    def clear_calls(self) -> None:
        """Empties the list of calls."""
        self._service.clear_calls()

    @property
    def runners(self) -> Mapping[str, Runner]:
        """The runners now, by name; a snapshot."""
        return MappingProxyType({each.name: each for each in self._service.store.all()})

    def add_runner(
        self,
        name: str,
        *,
        description: str | None = None,
        managed_by: str | None = None,
        task_id: str | None = None,
        namespace: str | None = None,
    ) -> Runner:
        """Adds a runner, as if somebody else had made it.

        Raises:
            EmulatorError: there is one of that name, or no runner can have it.
        """
        return self._service.add(
            name,
            description=description,
            managed_by=managed_by,
            task_id=task_id,
            namespace=namespace,
        )

    def remove_runner(self, name: str) -> None:
        """Removes a runner, as if somebody else had deleted it.

        Raises:
            KeyError: there is none of that name.
        """
        if not self._service.store.delete(name):
            raise KeyError(name)

    def set_manifest(self, name: str, text: str) -> None:
        """Replaces the text of a runner's manifest, as an upgrade of the service would.

        Raises:
            KeyError: there is no runner of that name.
        """
        with _key_error(name):
            self._service.set_manifest(name, text)

    def set_health(
        self,
        name: str,
        *,
        healthy: bool | None = None,
        failing: Mapping[str, str] | None = None,
    ) -> None:
        """Sets a runner's health; without arguments it follows from time or the cluster again.

        Args:
            name: the runner's name.
            healthy: what the checks say that are not in `failing`; None is true with `failing`.
            failing: the error text of each check that fails, by name, such as `tool-manager`.

        Raises:
            KeyError: there is no runner of that name.
        """
        with _key_error(name):
            self._service.set_health(name, HealthOverride.of(healthy, failing or {}))

    def manifest_url(self, name: str) -> str:
        """The URL of a runner's manifest.

        Raises:
            KeyError: there is no runner of that name.
        """
        with _key_error(name):
            return f"{self.url}/manifests/{self._service.runner(name).manifest_file}"


class _Server(uvicorn.Server):
    """uvicorn, with a signal for its start and an end that waits for nobody."""

    def __init__(self, application: Application) -> None:
        self.ready = threading.Event()
        self._stopping = application.stopping
        super().__init__(
            uvicorn.Config(
                application,
                http=HttpProtocol,
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_config=None,
                log_level="critical",  # the application reports its own errors
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=1,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping.set()
        asyncio.get_running_loop().call_later(_GRACE_SECONDS, self._abort)
        await super().shutdown(sockets)

    def _abort(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()


def _listen(host: str, port: int) -> socket.socket:
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host.strip("[]"))
    except ValueError:
        raise AddressError(f"The host {host} is no loopback address; use 127.0.0.1.") from None
    if not address.is_loopback:
        raise AddressError(
            f"The host {host} can be reached from other machines, and the emulator is for this "
            "one alone; use 127.0.0.1."
        )
    if not 0 <= port <= _LAST_PORT:
        raise AddressError(f"A port is from 0 to {_LAST_PORT}, not {port}.")
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    try:
        return socket.create_server((str(address), port), family=family, backlog=_BACKLOG)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        raise AddressError(
            f"The port {port} of {host} cannot be listened on: {reason}; give another port, or "
            "none for a free one."
        ) from None


@contextlib.contextmanager
def _key_error(name: str) -> Iterator[None]:
    try:
        yield
    except RefusedRequest:
        raise KeyError(name) from None
