"""The admin API under `/_emulator`: what `Emulator` offers in Python, for other processes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kubiya_pulumi.emulator.backend import Backend
from kubiya_pulumi.emulator.errors import EmulatorError, RequestError
from kubiya_pulumi.emulator.faults import Fault
from kubiya_pulumi.emulator.models import HealthOverride, Runner
from kubiya_pulumi.emulator.request_parsing import (
    base_url,
    create_fields,
    decode_segment,
    json_object,
    read_body,
    string_field,
)


def admin_application(backend: Backend) -> Starlette:
    """Return the ASGI application for the paths under `/_emulator`."""
    handlers = _Handlers(backend)
    paths: dict[str, dict[str, Callable[[Request], Awaitable[Response]]]] = {
        "/runners": {"GET": handlers.list_runners, "DELETE": handlers.delete_runners},
        "/runners/{name}": {"PUT": handlers.add_runner, "DELETE": handlers.delete_runner},
        "/runners/{name}/manifest": {"PUT": handlers.set_manifest},
        "/runners/{name}/health": {"PUT": handlers.set_health},
        "/calls": {"GET": handlers.list_calls, "DELETE": handlers.clear_calls},
        "/faults": {
            "GET": handlers.list_faults,
            "POST": handlers.add_fault,
            "DELETE": handlers.clear_faults,
        },
        "/options": {
            "GET": handlers.get_options,
            "PATCH": handlers.change_options,
            "DELETE": handlers.reset_options,
        },
    }
    routes = [
        Route(f"/_emulator{path}", handler, methods=[method])
        for path, methods in paths.items()
        for method, handler in methods.items()
    ]
    return Starlette(
        routes=routes,
        exception_handlers={RequestError: _error_response, EmulatorError: _error_response},
    )


async def _error_response(_: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, RequestError) else HTTPStatus.BAD_REQUEST
    return JSONResponse({"error": {"message": str(error)}}, status)


def _no_content() -> Response:
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _name(request: Request) -> str:
    return decode_segment(request.path_params["name"])


class _Handlers:
    """The handlers of the admin API: one for each path and method."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def list_runners(self, request: Request) -> Response:
        url = base_url(request)
        return JSONResponse([_runner(runner, url) for runner in self._backend.store.all()])

    async def delete_runners(self, _: Request) -> Response:
        self._backend.store.clear()
        return _no_content()

    async def add_runner(self, request: Request) -> Response:
        values = create_fields(await read_body(request))
        runner = self._backend.add(_name(request), **values)
        return JSONResponse(_runner(runner, base_url(request)), HTTPStatus.CREATED)

    async def delete_runner(self, request: Request) -> Response:
        self._backend.runner(_name(request))
        self._backend.store.delete(_name(request))
        return _no_content()

    async def set_manifest(self, request: Request) -> Response:
        body = await read_body(request)
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise RequestError(HTTPStatus.BAD_REQUEST, "The manifest is not UTF-8") from None
        self._backend.set_manifest(_name(request), text)
        return _no_content()

    async def set_health(self, request: Request) -> Response:
        content = json_object(await read_body(request))
        self._backend.set_health(_name(request), _health_override(content))
        return _no_content()

    async def list_calls(self, _: Request) -> Response:
        return JSONResponse([asdict(call) for call in self._backend.calls()])

    async def clear_calls(self, _: Request) -> Response:
        self._backend.clear_calls()
        return _no_content()

    async def list_faults(self, _: Request) -> Response:
        return JSONResponse([asdict(fault) for fault in self._backend.faults.pending()])

    async def add_fault(self, request: Request) -> Response:
        fault = Fault.from_dict(json_object(await read_body(request)))
        self._backend.faults.append(fault)
        return JSONResponse(asdict(fault), HTTPStatus.CREATED)

    async def clear_faults(self, _: Request) -> Response:
        self._backend.faults.clear()
        return _no_content()

    async def get_options(self, _: Request) -> Response:
        return JSONResponse(self._backend.options.without_keys())

    async def change_options(self, request: Request) -> Response:
        changes = json_object(await read_body(request))
        self._backend.options = self._backend.options.with_changes(changes)
        return JSONResponse(self._backend.options.without_keys())

    async def reset_options(self, _: Request) -> Response:
        self._backend.options = self._backend.initial_options
        return JSONResponse(self._backend.options.without_keys())


def _runner(runner: Runner, url: str) -> dict[str, Any]:
    """Return a runner as JSON data, with the URL of its manifest instead of the text."""
    content = asdict(runner)
    del content["manifest"]
    return {**content, "manifest_url": f"{url}/manifests/{content.pop('manifest_file')}"}


def _health_override(content: dict[str, Any]) -> HealthOverride | None:
    healthy, failing = content.get("healthy"), content.get("failing", {})
    if not (healthy is None or isinstance(healthy, bool)) or not isinstance(failing, dict):
        raise RequestError(
            HTTPStatus.BAD_REQUEST,
            'The field "healthy" must be true, false or null, and "failing" must be an object',
        )
    texts = {name: string_field(failing, name) or "" for name in failing}
    return HealthOverride.of(healthy, texts)
