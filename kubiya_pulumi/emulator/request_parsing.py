"""Parse requests, up to a maximum size."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import starlette.requests

from kubiya_pulumi.emulator.errors import RequestError
from kubiya_pulumi.emulator.manifest import is_dns_label

MAX_BODY_BYTES = 1024 * 1024
AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")


async def read_body(request: starlette.requests.Request) -> bytes:
    """Return the body of a request.

    Raises:
        RequestError: 413, the body exceeds `MAX_BODY_BYTES`.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise RequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body exceeds 1 MiB")
    return bytes(body)


def base_url(request: starlette.requests.Request) -> str:
    """Return the URL at which the client reached the emulator, without a trailing slash.

    The URLs of manifests start with it, so that they stay valid after a restart on another port.
    """
    host = request.headers.get("host", "")
    if not AUTHORITY.fullmatch(host):
        address, port = request.scope["server"]
        host = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    return f"http://{host}"


def decode_segment(segment: str) -> str:
    """Decode a percent-encoded path segment.

    Raises:
        RequestError: 400, the segment is not UTF-8.
    """
    try:
        return unquote(segment, errors="strict")
    except UnicodeDecodeError:
        raise RequestError(HTTPStatus.BAD_REQUEST, "The path is not UTF-8") from None


def json_object(body: bytes) -> dict[str, Any]:
    """Parse a body that must be a JSON object.

    Raises:
        RequestError: 400, the body is not a JSON object.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise RequestError(HTTPStatus.BAD_REQUEST, "The body is not JSON") from None
    if not isinstance(content, dict):
        raise RequestError(HTTPStatus.BAD_REQUEST, "The body is not a JSON object")
    return content


def string_field(content: dict[str, Any], key: str) -> str | None:
    """Return a field that must be a string, or None if it is missing.

    Raises:
        RequestError: 400, the field is not a string, or it is not valid Unicode.
    """
    if key not in content:
        return None
    value = content[key]
    if not isinstance(value, str):
        raise RequestError(HTTPStatus.BAD_REQUEST, f'The field "{key}" is not a string')
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise RequestError(HTTPStatus.BAD_REQUEST, f'The field "{key}" is not valid Unicode')
    return value


def create_fields(body: bytes) -> dict[str, str | None]:
    """Return the fields of a create request: the keyword arguments of `Backend.create`.

    Args:
        body: the body; an empty one sets no field.

    Raises:
        RequestError: 400, the body or one of its fields is invalid.
    """
    content = json_object(body) if body.strip() else {}
    values = {key: string_field(content, key) for key in ("description", "managed_by", "task_id")}
    return {**values, "namespace": _namespace(content)}


def _namespace(content: dict[str, Any]) -> str | None:
    metadata = content.get("metadata", {})
    if not isinstance(metadata, dict):
        raise RequestError(HTTPStatus.BAD_REQUEST, 'The field "metadata" is not an object')
    namespace = string_field(metadata, "namespace")
    if namespace is not None and not is_dns_label(namespace):
        raise RequestError(
            HTTPStatus.BAD_REQUEST, 'The field "metadata.namespace" is not an RFC 1123 label'
        )
    return namespace
