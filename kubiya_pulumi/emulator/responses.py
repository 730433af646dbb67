"""Build responses, in every form in which the API is known to send them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from kubiya_pulumi.emulator.cluster_health import Check, Health
from kubiya_pulumi.emulator.errors import RequestError
from kubiya_pulumi.emulator.models import Runner
from kubiya_pulumi.emulator.options import EmulatorOptions

VERSION = 2
RELEASE = "2.0.0"
GIT_SHA = "abcdef123456"


@dataclass(frozen=True, kw_only=True)
class Response:
    """A response of the API."""

    status: int = HTTPStatus.OK
    body: bytes = b""
    media_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def json_response(content: object) -> Response:
    """Return a response with a JSON body."""
    return Response(body=json.dumps(content).encode(), media_type="application/json")


def error_response(error: RequestError, options: EmulatorOptions) -> Response:
    """Return the response to a request that cannot be fulfilled."""
    status, message = error.status, error.message
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unknown"
    code = phrase.lower().replace(" ", "_").replace("-", "_")
    bodies = {
        "json": (json.dumps({"error": {"code": code, "message": message}}), "application/json"),
        "text": (f"{message}\n", "text/plain; charset=utf-8"),
        "html": (_html(f"{status} {phrase}"), "text/html; charset=utf-8"),
        "empty": ("", None),
    }
    body, media_type = bodies[options.errors_as or "json"]
    return Response(status=status, body=body.encode(), media_type=media_type, headers=error.headers)


def _html(title: str) -> str:
    head = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head>"
    return f"{head}<body><h1>{title}</h1></body></html>\n"


def runner_response(runner: Runner, options: EmulatorOptions) -> Response:
    """Return a response with one runner, without its health."""
    return json_response(_runner(runner, options))


def _runner(runner: Runner, options: EmulatorOptions) -> dict[str, Any]:
    if options.fields_as == "bare":
        return {"name": runner.name}
    content: dict[str, Any] = {
        "name": runner.name,
        "version": f"v{VERSION}" if options.version_as == "string" else VERSION,
        "namespace": runner.namespace if options.namespace_as == "namespace" else "",
        "kubernetes_namespace": runner.namespace,
    }
    optional: dict[str, Any] = {}
    if options.description_field == "echoed":
        optional["description"] = runner.description
    if options.owner_fields == "echoed":
        optional |= {"managed_by": runner.managed_by, "task_id": runner.task_id}
    if options.fields_as in {"full", "nulls"}:
        content |= _observed_fields(runner)
        has_gateway = options.fields_as == "full"
        optional["gateway_url"] = "https://gateway.example.com" if has_gateway else None
        optional["gateway_password"] = f"gateway-{runner.manifest_file}" if has_gateway else None
    with_nulls = options.fields_as == "nulls"
    return content | {
        key: value for key, value in optional.items() if value is not None or with_nulls
    }


def _observed_fields(runner: Runner) -> dict[str, Any]:
    return {
        "runner_type": "k8s",
        "subject": f"runner.{runner.name}",
        "authentication_type": "nats",
        "user_key_id": "00000000-0000-4000-8000-000000000000",
        "wss_url": "wss://connect.example.com",
    }


def list_response(
    runners: Iterable[tuple[Runner, Health]], options: EmulatorOptions, *, keyed: bool
) -> Response:
    """Return a response with every runner and the health of its components.

    Args:
        runners: the runners.
        options: the resolved options.
        keyed: whether it is an object keyed by name instead of an array.
    """
    entries = [
        _runner(runner, options) | _component_healths(health, options) for runner, health in runners
    ]
    if keyed:
        return json_response({entry["name"]: entry for entry in entries})
    return json_response(entries)


def _component_healths(health: Health, options: EmulatorOptions) -> dict[str, Any]:
    if options.fields_as == "bare":
        return {}
    content = {"runner_health": _component_health(health.problem, options)}
    for key, name in (
        ("tool_manager_health", "tool-manager"),
        ("agent_manager_health", "agent-manager"),
    ):
        check = health.check(name)
        if check is not None:
            content[key] = _component_health(check.problem, options)
    return content


def _component_health(problem: str | None, options: EmulatorOptions) -> dict[str, Any]:
    content = {"status": _status(problem), "health": _health_value(problem, options)}
    return content | {"version": RELEASE} | _error_field(problem)


def _status(problem: str | None) -> str:
    return "unhealthy" if problem else "healthy"


def _health_value(problem: str | None, options: EmulatorOptions) -> str:
    if options.health_as == "true":
        return "false" if problem else "true"
    return "error" if problem else "ok"


def _error_field(problem: str | None) -> dict[str, Any]:
    return {"error": problem} if problem else {}


def health_response(health: Health, options: EmulatorOptions) -> Response:
    """Return a response with the health of a runner and of its components."""
    status = {"status": _status(health.problem)}
    if options.health_as == "components":
        components = {
            check.name.replace("-", "_"): {
                "status": _status(check.problem),
                **_error_field(check.problem),
            }
            for check in health.checks
        }
        return json_response({**status, "last_check": health.time, "components": components})
    return json_response(
        {
            "health": _health_value(health.problem, options),
            **status,
            "time": health.time,
            "version": RELEASE,
            "checks": [_check(check, options) for check in health.checks],
        }
    )


def _check(check: Check, options: EmulatorOptions) -> dict[str, Any]:
    healthy = "healthy" if options.health_as == "ok" else "ok"
    return {
        "name": check.name,
        "status": "unhealthy" if check.problem else healthy,
        "version": RELEASE,
        **_error_field(check.problem),
        "metadata": {"git_sha": GIT_SHA, "release": f"v{RELEASE}"},
    }


def created_response(runner: Runner, url: str, options: EmulatorOptions) -> Response:
    """Return the response to a create.

    Args:
        runner: the new or existing runner.
        url: the URL of its manifest.
        options: the resolved options.
    """
    return json_response(_manifest_fields(runner, url, options))


def manifest_response(runner: Runner, url: str, text: str, options: EmulatorOptions) -> Response:
    """Return a response with the URL of a manifest and, by `manifest_content`, its text.

    Args:
        runner: the runner.
        url: the URL of its manifest.
        text: the text of its manifest.
        options: the resolved options.
    """
    content = _manifest_fields(runner, url, options)
    if options.manifest_content == "present":
        content["manifest_content"] = text
    return json_response(content)


def _manifest_fields(runner: Runner, url: str, options: EmulatorOptions) -> dict[str, Any]:
    if options.manifest_as == "manifest_url":
        return {"name": runner.name, "manifest_url": url}
    if options.manifest_as == "url":
        return {"url": url}
    return _runner(runner, options) | {"url": url}


def download_response(text: str) -> Response:
    """Return the response to the download of a manifest."""
    return Response(body=text.encode(), media_type="application/yaml")
