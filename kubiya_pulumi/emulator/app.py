"""The ASGI application: takes each request of the API through key, faults, work and answer."""

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from anyio import to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from kubiya_pulumi.emulator import routes
from kubiya_pulumi.emulator.backend import Service
from kubiya_pulumi.emulator.connection import Stopped, Wire
from kubiya_pulumi.emulator.errors import RefusedRequest
from kubiya_pulumi.emulator.faults import Fault, replacement
from kubiya_pulumi.emulator.models import Call
from kubiya_pulumi.emulator.operations import Asked
from kubiya_pulumi.emulator.requests import base_url, read_body
from kubiya_pulumi.emulator.responses import Answer, error
from kubiya_pulumi.emulator.routes import Route

__all__ = ["Application"]

_log: Final = logging.getLogger(__name__)


class Application:
    """The API at every path, and the emulator's own control under `/_emulator`.

    Args:
        service: what is imitated.
        control: the application for the paths under `/_emulator`.
        access: called with each call of the API once it is answered.

    Attributes:
        stopping: to be set when the emulator stops: whatever waits then ends.
    """

    def __init__(
        self, service: Service, control: ASGIApp, access: Callable[[Call], None] | None
    ) -> None:
        self.stopping = asyncio.Event()
        self._service = service
        self._control = control
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; see ASGI."""
        path = scope["raw_path"].decode("latin-1")
        if path == "/_emulator" or path.startswith("/_emulator/"):
            await self._control({**scope, "path": path}, receive, send)
            return
        wire = Wire(scope, receive, send, self.stopping)
        try:
            await self._call(Request(scope, receive), path, wire)
        except Stopped:
            await wire.reset()
        except ClientDisconnect:
            return

    async def _call(self, request: Request, path: str, wire: Wire) -> None:
        service, work = self._service, _Work(self._service, request, path)
        call = work.call
        service.record(call)
        fault = service.faults.hit(call.operation, call.runner)
        answer: Answer | None
        try:
            answer = await (work.done() if fault is None else self._spoilt(fault, work, wire))
            await wire.pause(service.switches.latency_seconds)
            call.status = None if answer is None else answer.status
        finally:
            if self._access is not None:
                self._access(call)
        if answer is None:
            await wire.reset()
        elif fault is not None and fault.kind == "cut":
            await wire.cut(answer)
        elif fault is not None and fault.kind == "drip":
            await wire.drip(answer, 1.0 if fault.seconds is None else fault.seconds)
        else:
            await wire.answer(answer)

    async def _spoilt(self, fault: Fault, work: "_Work", wire: Wire) -> Answer | None:
        """The answer to a call that the fault hits, None for none at all."""
        if fault.kind == "hang" and fault.when == "before":
            await self._hang(fault, wire)
        right = await work.done() if fault.does_the_work else None
        if fault.kind == "hang" and fault.when == "after":
            await self._hang(fault, wire)
        return replacement(fault, right, work.switches)

    async def _hang(self, fault: Fault, wire: Wire) -> None:
        with self._service.faults.hang():
            await wire.pause(fault.seconds)


class _Work:
    """What a request asks for: found and checked at once, done only when it is to be."""

    def __init__(self, service: Service, request: Request, path: str) -> None:
        self.switches = service.switches.resolved()
        self._service = service
        self._request = request
        self._refused: RefusedRequest | None = None
        self._route: Route | None = None
        self._name = ""
        needs_key = True
        try:
            self._route, self._name = routes.find(request.method, path, self.switches)
            needs_key = self._route.needs_key
            if needs_key:
                service.authorize(request.headers.get("authorization"))
        except RefusedRequest as refused:
            self._refused = refused
        self.call = Call(
            method=request.method,
            path=routes.masked(path),
            operation=self._route.operation if self._route else None,
            runner=(self._name or None) if needs_key else None,
            authorized=self._refused is None,
        )

    async def done(self) -> Answer:
        """Does the work; says what the answer is."""
        try:
            return await self._run()
        except RefusedRequest as refused:
            return error(refused, self.switches)
        except ClientDisconnect:
            raise
        except Exception:  # noqa: BLE001 - answered and reported, as the real service would
            _log.exception("%s failed", self.call.operation)
            failure = RefusedRequest(HTTPStatus.INTERNAL_SERVER_ERROR, "The emulator failed")
            return error(failure, self.switches)

    async def _run(self) -> Answer:
        if self._route is None or self._refused is not None:
            return error(self._refused or routes.no_such_path(), self.switches)
        body = await read_body(self._request)
        asked = Asked(self._name, body, base_url(self._request))
        # A followed cluster may keep a thread waiting, and nobody waits for it at the end.
        return await to_thread.run_sync(
            self._route.run, self._service, asked, abandon_on_cancel=True
        )
