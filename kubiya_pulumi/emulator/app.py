"""The ASGI application: route, authorize, inject faults, run the operation, send the response."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Callable
from http import HTTPStatus

import starlette.requests
import starlette.responses
from anyio import to_thread
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kubiya_pulumi.emulator.backend import Backend
from kubiya_pulumi.emulator.errors import RequestError
from kubiya_pulumi.emulator.faults import Fault, fault_response
from kubiya_pulumi.emulator.models import Call
from kubiya_pulumi.emulator.request_parsing import base_url, read_body
from kubiya_pulumi.emulator.responses import Response, error_response
from kubiya_pulumi.emulator.routes import OperationRequest, RouteMatch, mask_path, match_route

DEFAULT_DRIP_SECONDS = 1.0
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""The value of SO_LINGER (on, 0 seconds) that makes close() send a TCP reset."""
STATUSES_WITHOUT_BODY = frozenset({204, 304})

_logger = logging.getLogger(__name__)


class Application:
    """The API at every path, and the admin API under `/_emulator`.

    Args:
        backend: the emulated service.
        admin: the application for the paths under `/_emulator`.
        on_call: called with each API call when its response is ready to be sent.
    """

    stopping: asyncio.Event
    """Set when the emulator stops; calls that wait then end."""

    def __init__(
        self, backend: Backend, admin: ASGIApp, on_call: Callable[[Call], None] | None
    ) -> None:
        self.stopping = asyncio.Event()
        self._backend = backend
        self._admin = admin
        self._on_call = on_call

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; see ASGI."""
        path = scope["raw_path"].decode("latin-1")
        if path == "/_emulator" or path.startswith("/_emulator/"):
            await self._admin({**scope, "path": path}, receive, send)
            return
        connection = ClientConnection(scope, receive, send, self.stopping)
        request = starlette.requests.Request(scope, receive)
        handler = _RequestHandler(self._backend, request, path, connection)
        try:
            await handler.handle(self._on_call)
        except EmulatorStopped:
            await connection.reset()
        except ClientDisconnect:
            return


class _RequestHandler:
    """Handles one API request.

    Args:
        backend: the emulated service.
        request: the request.
        path: its percent-encoded path.
        connection: its connection.
    """

    def __init__(
        self,
        backend: Backend,
        request: starlette.requests.Request,
        path: str,
        connection: ClientConnection,
    ) -> None:
        self._backend = backend
        self._request = request
        self._path = path
        self._connection = connection
        self._options = backend.options.resolved()

    async def handle(self, on_call: Callable[[Call], None] | None) -> None:
        """Handle the request from routing to the response."""
        call, match_or_error = self._match()
        self._backend.record(call)
        fault = self._backend.faults.next_for(call.operation, call.runner)
        try:
            if fault is None:
                response: Response | None = await self._respond(match_or_error)
            else:
                response = await self._apply_fault(fault, match_or_error)
            await self._connection.pause(self._backend.options.latency_seconds)
            call.status = None if response is None else response.status
        finally:
            if on_call is not None:
                on_call(call)
        await self._send(response, fault)

    def _match(self) -> tuple[Call, RouteMatch | RequestError]:
        """Route and authorize the request.

        Returns:
            The call to record, and the route to run or the reason to refuse the request.
        """
        try:
            match = match_route(self._request.method, self._path, self._options)
        except RequestError as refusal:
            return self._call(None, authorized=False), refusal
        if match.route.needs_key:
            try:
                self._backend.authorize(self._request.headers.get("authorization"))
            except RequestError as refusal:
                return self._call(match, authorized=False), refusal
        return self._call(match, authorized=True), match

    def _call(self, match: RouteMatch | None, *, authorized: bool) -> Call:
        names_runner = match is not None and match.route.needs_key
        return Call(
            method=self._request.method,
            path=mask_path(self._path),
            operation=match.route.operation if match else None,
            runner=(match.name or None) if match and names_runner else None,
            authorized=authorized,
        )

    async def _apply_fault(
        self, fault: Fault, match_or_error: RouteMatch | RequestError
    ) -> Response | None:
        """Return the response to a call that a fault affects, or None to send nothing."""
        if fault.kind == "hang" and fault.when == "before":
            await self._hang(fault)
        response = await self._respond(match_or_error) if fault.runs_operation else None
        if fault.kind == "hang" and fault.when == "after":
            await self._hang(fault)
        return fault_response(fault, response, self._options)

    async def _hang(self, fault: Fault) -> None:
        with self._backend.faults.count_hanging():
            await self._connection.pause(fault.seconds)

    async def _respond(self, match_or_error: RouteMatch | RequestError) -> Response:
        """Run the operation, and return its response or an error response."""
        if isinstance(match_or_error, RequestError):
            return error_response(match_or_error, self._options)
        try:
            return await self._run(match_or_error)
        except RequestError as error:
            return error_response(error, self._options)
        except ClientDisconnect:
            raise
        except Exception:
            # Like a real service, log the failure and return 500.
            _logger.exception("%s failed", match_or_error.route.operation)
            failure = RequestError(HTTPStatus.INTERNAL_SERVER_ERROR, "The emulator failed")
            return error_response(failure, self._options)

    async def _run(self, match: RouteMatch) -> Response:
        body = await read_body(self._request)
        request = OperationRequest(match.name, body, base_url(self._request))
        # A followed cluster may block the thread; the emulator does not wait for it when it stops.
        return await to_thread.run_sync(
            match.route.run, self._backend, request, abandon_on_cancel=True
        )

    async def _send(self, response: Response | None, fault: Fault | None) -> None:
        if response is None:
            await self._connection.reset()
        elif fault is not None and fault.kind == "cut":
            await self._connection.send_half(response)
        elif fault is not None and fault.kind == "drip":
            seconds = DEFAULT_DRIP_SECONDS if fault.seconds is None else fault.seconds
            await self._connection.send_slowly(response, seconds)
        else:
            await self._connection.send(response)


class EmulatorStopped(Exception):  # noqa: N818 - a signal, not an error
    """The emulator stops while a request waits."""


class ClientConnection:
    """The connection of one request.

    Args:
        scope: the ASGI scope.
        receive: the ASGI receive channel.
        send: the ASGI send channel.
        stopping: set when the emulator stops.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, stopping: asyncio.Event) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._stopping = stopping
        self._transport: asyncio.Transport = scope["state"]["transport"]

    async def send(self, response: Response) -> None:
        """Send the whole response."""
        await _to_starlette(response)(self._scope, self._receive, self._send)

    async def reset(self) -> None:
        """Close the connection immediately with a TCP reset."""
        if self._transport.is_closing():
            return
        sock: socket.socket = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self._transport.abort()
        await self._wait_for_disconnect()

    async def send_half(self, response: Response) -> None:
        """Send the headers and half of the body, then close the connection."""
        await self._send(_start_message(response))
        await self._send(_body_message(response.body[: len(response.body) // 2]))
        self._transport.close()
        await self._wait_for_disconnect()

    async def send_slowly(self, response: Response, interval_seconds: float) -> None:
        """Send the body byte by byte."""
        await self._send(_start_message(response))
        for index in range(len(response.body)):
            await self.pause(interval_seconds)
            if self._transport.is_closing():
                return
            await self._send(_body_message(response.body[index : index + 1]))
        await self._send({"type": "http.response.body", "more_body": False})

    async def pause(self, seconds: float | None) -> None:
        """Wait for a number of seconds; None waits until the emulator stops.

        Raises:
            EmulatorStopped: the emulator stops.
        """
        if seconds == 0 and not self._stopping.is_set():
            return
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
        raise EmulatorStopped

    async def _wait_for_disconnect(self) -> None:
        """Wait until uvicorn sees the disconnect, so that it does not send a response itself."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


def _to_starlette(response: Response) -> starlette.responses.Response:
    body = b"" if response.status in STATUSES_WITHOUT_BODY else response.body
    return starlette.responses.Response(
        body, response.status, dict(response.headers), response.media_type
    )


def _start_message(response: Response) -> Message:
    return {
        "type": "http.response.start",
        "status": response.status,
        "headers": _to_starlette(response).raw_headers,
    }


def _body_message(body: bytes) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": True}
