"""The emulator's own control over HTTP, under `/_emulator`: for people and other processes."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kubiya_pulumi.emulator.backend import Service
from kubiya_pulumi.emulator.errors import EmulatorError, RefusedRequest
from kubiya_pulumi.emulator.faults import Fault
from kubiya_pulumi.emulator.models import HealthOverride, Runner
from kubiya_pulumi.emulator.operations import runner_fields
from kubiya_pulumi.emulator.requests import base_url, json_object, read_body, text_in
from kubiya_pulumi.emulator.routes import decoded

__all__ = ["control"]


def control(service: Service) -> Starlette:
    """The application for the paths under `/_emulator`."""
    at = _Control(service)
    paths: dict[str, dict[str, Callable[[Request], Awaitable[Response]]]] = {
        "/runners": {"GET": at.list_runners, "DELETE": at.delete_runners},
        "/runners/{name}": {"PUT": at.add_runner, "DELETE": at.delete_runner},
        "/runners/{name}/manifest": {"PUT": at.set_manifest},
        "/runners/{name}/health": {"PUT": at.set_health},
        "/calls": {"GET": at.list_calls, "DELETE": at.delete_calls},
        "/faults": {"GET": at.list_faults, "POST": at.add_fault, "DELETE": at.delete_faults},
        "/switches": {"GET": at.switches, "PATCH": at.change, "DELETE": at.reset_switches},
    }
    routes = [
        Route(f"/_emulator{path}", run, methods=[method])
        for path, methods in paths.items()
        for method, run in methods.items()
    ]
    return Starlette(
        routes=routes, exception_handlers={RefusedRequest: _refused, EmulatorError: _refused}
    )


async def _refused(_: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, RefusedRequest) else HTTPStatus.BAD_REQUEST
    return JSONResponse({"error": {"message": str(error)}}, status)


def _done() -> Response:
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _name(request: Request) -> str:
    return decoded(request.path_params["name"])


class _Control:
    """One method for each path and method of the control."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def list_runners(self, request: Request) -> Response:
        shown = [_shown(each, base_url(request)) for each in self._service.store.all()]
        return JSONResponse(shown)

    async def delete_runners(self, _: Request) -> Response:
        self._service.store.clear()
        return _done()

    async def add_runner(self, request: Request) -> Response:
        values = runner_fields(await read_body(request))
        added = self._service.add(_name(request), **values)
        return JSONResponse(_shown(added, base_url(request)), HTTPStatus.CREATED)

    async def delete_runner(self, request: Request) -> Response:
        self._service.runner(_name(request))
        self._service.store.delete(_name(request))
        return _done()

    async def set_manifest(self, request: Request) -> Response:
        body = await read_body(request)
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise RefusedRequest(HTTPStatus.BAD_REQUEST, "The manifest is not UTF-8") from None
        self._service.set_manifest(_name(request), text)
        return _done()

    async def set_health(self, request: Request) -> Response:
        content = json_object(await read_body(request))
        self._service.set_health(_name(request), _override(content))
        return _done()

    async def list_calls(self, _: Request) -> Response:
        return JSONResponse([asdict(each) for each in self._service.calls()])

    async def delete_calls(self, _: Request) -> Response:
        self._service.clear_calls()
        return _done()

    async def list_faults(self, _: Request) -> Response:
        return JSONResponse([asdict(each) for each in self._service.faults.waiting()])

    async def add_fault(self, request: Request) -> Response:
        fault = Fault.from_dict(json_object(await read_body(request)))
        self._service.faults.include(fault)
        return JSONResponse(asdict(fault), HTTPStatus.CREATED)

    async def delete_faults(self, _: Request) -> Response:
        self._service.faults.clear()
        return _done()

    async def switches(self, _: Request) -> Response:
        return JSONResponse(self._service.switches.public())

    async def change(self, request: Request) -> Response:
        changes = json_object(await read_body(request))
        self._service.switches = self._service.switches.changed(changes)
        return JSONResponse(self._service.switches.public())

    async def reset_switches(self, _: Request) -> Response:
        self._service.switches = self._service.initial_switches
        return JSONResponse(self._service.switches.public())


def _shown(runner: Runner, url: str) -> dict[str, Any]:
    """A runner as the control shows it: with where its manifest is, without its text."""
    kept = {k: v for k, v in asdict(runner).items() if k not in {"manifest", "manifest_file"}}
    return {**kept, "manifest_url": f"{url}/manifests/{runner.manifest_file}"}


def _override(content: dict[str, Any]) -> HealthOverride | None:
    healthy, failing = content.get("healthy"), content.get("failing", {})
    if not (healthy is None or isinstance(healthy, bool)) or not isinstance(failing, dict):
        raise RefusedRequest(
            HTTPStatus.BAD_REQUEST, "healthy is true, false or null, and failing is an object"
        )
    texts = {name: text_in(failing, name) or "" for name in failing}
    return HealthOverride.of(healthy, texts)
