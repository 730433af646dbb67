"""Answers in every form that the API is known to give them: pure functions of data."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from kubiya_pulumi.emulator.errors import RefusedRequest
from kubiya_pulumi.emulator.health import Check, Health
from kubiya_pulumi.emulator.models import Runner
from kubiya_pulumi.emulator.options import EmulatorOptions

__all__ = [
    "Answer",
    "created",
    "error",
    "health",
    "json_answer",
    "manifest",
    "manifest_file",
    "runner",
    "runner_list",
]

_VERSION: Final = 2
_RELEASE: Final = "2.0.0"
_GIT_SHA: Final = "abcdef123456"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer before it is sent."""

    status: int = HTTPStatus.OK
    body: bytes = b""
    media_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(content: object) -> Answer:
    """The content as JSON."""
    return Answer(body=json.dumps(content).encode(), media_type="application/json")


def error(refused: RefusedRequest, switches: EmulatorOptions) -> Answer:
    """The answer to a refused request."""
    status, message = refused.status, refused.message
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unknown"
    content = json.dumps({"error": {"code": _code(phrase), "message": message}})
    bodies = {
        "json": (content, "application/json"),
        "text": (f"{message}\n", "text/plain; charset=utf-8"),
        "html": (_html(f"{status} {phrase}"), "text/html; charset=utf-8"),
        "empty": ("", None),
    }
    body, media_type = bodies[switches.errors_as or "json"]
    return Answer(status=status, body=body.encode(), media_type=media_type, headers=refused.headers)


def _code(phrase: str) -> str:
    return phrase.lower().replace(" ", "_").replace("-", "_")


def _html(title: str) -> str:
    head = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head>"
    return f"{head}<body><h1>{title}</h1></body></html>\n"


def runner(each: Runner, switches: EmulatorOptions) -> dict[str, Any]:
    """A runner without its health."""
    if switches.fields_as == "bare":
        return {"name": each.name}
    in_both = switches.namespace_as == "namespace"
    content: dict[str, Any] = {
        "name": each.name,
        "version": f"v{_VERSION}" if switches.version_as == "string" else _VERSION,
        "namespace": each.namespace if in_both else "",
        "kubernetes_namespace": each.namespace,
    }
    optional: dict[str, Any] = {}
    if switches.description_field == "echoed":
        optional["description"] = each.description
    if switches.owner_fields == "echoed":
        optional |= {"managed_by": each.managed_by, "task_id": each.task_id}
    if switches.fields_as in {"full", "nulls"}:
        content |= _observed_fields(each)
        has_gateway = switches.fields_as == "full"
        optional["gateway_url"] = "https://gateway.example.com" if has_gateway else None
        optional["gateway_password"] = f"gateway-{each.manifest_file}" if has_gateway else None
    with_nulls = switches.fields_as == "nulls"
    return content | {k: v for k, v in optional.items() if v is not None or with_nulls}


def _observed_fields(each: Runner) -> dict[str, Any]:
    return {
        "runner_type": "k8s",
        "subject": f"runner.{each.name}",
        "authentication_type": "nats",
        "user_key_id": "00000000-0000-4000-8000-000000000000",
        "wss_url": "wss://connect.example.com",
    }


def runner_list(runners: Iterable[tuple[Runner, Health]], switches: EmulatorOptions) -> Answer:
    """Every runner with the health of its components."""
    entries = [
        runner(each, switches) | _component_health(state, switches) for each, state in runners
    ]
    if switches.list_as == "keyed":
        return json_answer({each["name"]: each for each in entries})
    return json_answer(entries)


def _component_health(state: Health, switches: EmulatorOptions) -> dict[str, Any]:
    if switches.fields_as == "bare":
        return {}
    fields = {"runner_health": _component(state.problem, switches)}
    for key, name in (
        ("tool_manager_health", "tool-manager"),
        ("agent_manager_health", "agent-manager"),
    ):
        check = state.check(name)
        if check is not None:
            fields[key] = _component(check.problem, switches)
    return fields


def _component(problem: str | None, switches: EmulatorOptions) -> dict[str, Any]:
    content = {"status": _status(problem), "health": _health_word(problem, switches)}
    return content | {"version": _RELEASE} | _error_text(problem)


def _status(problem: str | None) -> str:
    return "unhealthy" if problem else "healthy"


def _health_word(problem: str | None, switches: EmulatorOptions) -> str:
    if switches.health_as == "true":
        return "false" if problem else "true"
    return "error" if problem else "ok"


def _error_text(problem: str | None) -> dict[str, Any]:
    return {"error": problem} if problem else {}


def health(state: Health, switches: EmulatorOptions) -> Answer:
    """The health of a runner and of its components."""
    status = {"status": _status(state.problem)}
    if switches.health_as == "components":
        components = {
            each.name.replace("-", "_"): {
                "status": _status(each.problem),
                **_error_text(each.problem),
            }
            for each in state.checks
        }
        return json_answer({**status, "last_check": state.time, "components": components})
    return json_answer(
        {
            "health": _health_word(state.problem, switches),
            **status,
            "time": state.time,
            "version": _RELEASE,
            "checks": [_check(each, switches) for each in state.checks],
        }
    )


def _check(each: Check, switches: EmulatorOptions) -> dict[str, Any]:
    healthy = "healthy" if switches.health_as == "ok" else "ok"
    return {
        "name": each.name,
        "status": "unhealthy" if each.problem else healthy,
        "version": _RELEASE,
        **_error_text(each.problem),
        "metadata": {"git_sha": _GIT_SHA, "release": f"v{_RELEASE}"},
    }


def created(each: Runner, url: str, switches: EmulatorOptions) -> Answer:
    """The answer to a create."""
    return json_answer(_manifest_fields(each, url, switches))


def manifest(each: Runner, url: str, text: str, switches: EmulatorOptions) -> Answer:
    """The manifest of a runner: where it is and, where that is switched so, what it says."""
    content = _manifest_fields(each, url, switches)
    if switches.manifest_content == "present":
        content["manifest_content"] = text
    return json_answer(content)


def _manifest_fields(each: Runner, url: str, switches: EmulatorOptions) -> dict[str, Any]:
    if switches.manifest_as == "manifest_url":
        return {"name": each.name, "manifest_url": url}
    if switches.manifest_as == "url":
        return {"url": url}
    return runner(each, switches) | {"url": url}


def manifest_file(text: str) -> Answer:
    """A manifest as it is downloaded."""
    return Answer(body=text.encode(), media_type="application/yaml")
