"""How an answer goes over the connection: whole, or spoilt by a fault."""

import asyncio
import socket
import struct
from typing import Final

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from kubiya_pulumi.emulator.responses import Answer

__all__ = ["HttpProtocol", "Stopped", "Wire"]

_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)  # SO_LINGER, for no seconds
_WITHOUT_BODY: Final = frozenset({204, 304})


class Stopped(Exception):  # noqa: N818 - the end of the emulator, not an error
    """The emulator stops while a request waits."""


class HttpProtocol(H11Protocol):
    """uvicorn's protocol; hands each request the transport of its connection as well."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Called by the event loop with a new connection."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class Wire:
    """One request's connection.

    Args:
        scope: the request, as ASGI gives it.
        receive: the request's channel, as ASGI gives it.
        send: the answer's channel, as ASGI gives it.
        stopping: set when the emulator stops.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, stopping: asyncio.Event) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._stopping = stopping
        self._transport: asyncio.Transport = scope["state"]["transport"]

    async def answer(self, answer: Answer) -> None:
        """Sends the whole answer."""
        await _response(answer)(self._scope, self._receive, self._send)

    async def reset(self) -> None:
        """Ends the connection at once, with a TCP reset."""
        if self._transport.is_closing():
            return
        sock: socket.socket = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._transport.abort()
        await self._disconnected()

    async def cut(self, answer: Answer) -> None:
        """Sends the headers and half of the body, then ends the connection."""
        await self._send(_start(answer))
        await self._send(_part(answer.body[: len(answer.body) // 2]))
        self._transport.close()
        await self._disconnected()

    async def drip(self, answer: Answer, interval_seconds: float) -> None:
        """Sends the body one byte at a time."""
        await self._send(_start(answer))
        for place in range(len(answer.body)):
            await self.pause(interval_seconds)
            if self._transport.is_closing():
                return
            await self._send(_part(answer.body[place : place + 1]))
        await self._send({"type": "http.response.body", "more_body": False})

    async def pause(self, seconds: float | None) -> None:
        """Waits; for ever where `seconds` is None.

        Raises:
            Stopped: the emulator stops meanwhile.
        """
        if seconds == 0 and not self._stopping.is_set():
            return
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
        raise Stopped

    async def _disconnected(self) -> None:
        """Waits until uvicorn has seen the end, so that it does not answer by itself."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


def _response(answer: Answer) -> Response:
    body = b"" if answer.status in _WITHOUT_BODY else answer.body
    return Response(body, answer.status, dict(answer.headers), answer.media_type)


def _start(answer: Answer) -> Message:
    response = _response(answer)
    return {
        "type": "http.response.start",
        "status": response.status_code,
        "headers": response.raw_headers,
    }


def _part(body: bytes) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": True}
