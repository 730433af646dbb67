"""Serve an ASGI application with uvicorn, in a thread."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import socket
import threading
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from kubiya_pulumi.emulator.app import Application
from kubiya_pulumi.emulator.errors import AddressError

STOP_GRACE_SECONDS = 0.2
"""How long responses in transit may take when the emulator stops."""
CANCEL_SECONDS = 1.0
"""How long calls may take to end once their connections are closed; then they are cancelled."""
BACKLOG = 1024
MAX_PORT = 65535


class HttpServer:
    """A server in a thread.

    Args:
        application: the application to serve.
        listener: the socket to accept connections from. The server closes it.
        on_stopped: called in the thread after the last request.
    """

    def __init__(
        self, application: Application, listener: socket.socket, on_stopped: Callable[[], None]
    ) -> None:
        self._server = _UvicornServer(application)
        self._listener = listener
        self._on_stopped = on_stopped
        self._thread = threading.Thread(target=self._serve, name="kubiya-emulator", daemon=True)

    def start(self) -> bool:
        """Start serving, and return whether the server started."""
        self._thread.start()
        self._server.ready.wait()
        return self._server.started

    def stop(self) -> None:
        """Stop serving, close all connections, and wait for the thread."""
        self._server.request_stop()
        # The garbage collector may call this in the thread itself.
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _serve(self) -> None:
        try:
            self._server.run(sockets=[self._listener])
        finally:
            self._listener.close()
            self._on_stopped()
            self._server.ready.set()


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on a loopback address.

    Raises:
        AddressError: the address is not a loopback address, or it is in use.
    """
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host.strip("[]"))
    except ValueError:
        raise AddressError(
            f"The host {host!r} must be a loopback address; use 127.0.0.1."
        ) from None
    if not address.is_loopback:
        raise AddressError(
            f"The host {host} can be reached from other machines, but the emulator serves only "
            "this machine; use 127.0.0.1."
        )
    if not 0 <= port <= MAX_PORT:
        raise AddressError(f"The port must be a number from 0 to {MAX_PORT}, not {port}.")
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    try:
        listener = socket.create_server((str(address), port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        raise AddressError(
            f"The emulator cannot listen on port {port} of {host}: {reason}; choose another port, "
            "or omit it to use a free one."
        ) from None
    # Without it, the end of a response waits for the client's delayed ACK, for 40 ms. The accepted
    # sockets inherit it. asyncio sets it only for sockets with an explicit protocol number.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


class HttpProtocol(H11Protocol):
    """uvicorn's protocol, which also gives each request the transport of its connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Handle a new connection; called by the event loop."""
        super().connection_made(transport)
        self.app_state: dict[str, Any] = {**self.app_state, "transport": transport}


class _UvicornServer(uvicorn.Server):
    """uvicorn with a signal when it is ready, and a stop without delay.

    uvicorn itself polls every 0.1 seconds whether to stop, and then whether it has stopped.
    """

    def __init__(self, application: Application) -> None:
        self.ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop_requested = asyncio.Event()
        self._stopping = application.stopping
        super().__init__(
            uvicorn.Config(
                application,
                http=HttpProtocol,
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_config=None,
                log_level="critical",  # the application logs its own errors
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=75,
            )
        )

    def request_stop(self) -> None:
        """Stop the server, from any thread. Do nothing if it has stopped or did not start."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # The loop is closed.
                self._loop.call_soon_threadsafe(self._stop_requested.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        while not self._stop_requested.is_set():
            await self.on_tick(0)  # Sets the header `Date`, which changes once per second.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop_requested.wait(), 1.0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002
        self._stopping.set()
        for server in self.servers:
            server.close()
        connections, tasks = self.server_state.connections, self.server_state.tasks
        for connection in list(connections):
            connection.shutdown()
        deadline = asyncio.get_running_loop().time() + STOP_GRACE_SECONDS
        while connections and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.001)
        for connection in list(connections):
            connection.transport.abort()
        if tasks:
            await asyncio.wait(tasks, timeout=CANCEL_SECONDS)
