"""What is read from a request, within limits."""

import json
import re
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request

from kubiya_pulumi.emulator.errors import RefusedRequest

__all__ = ["base_url", "json_object", "read_body", "text_in"]

_BODY_LIMIT: Final = 1024 * 1024
_AUTHORITY: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")


async def read_body(request: Request) -> bytes:
    """The body of the request.

    Raises:
        RefusedRequest: 413, it has more than 1 MiB.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_LIMIT:
            raise RefusedRequest(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body has more than 1 MiB"
            )
    return bytes(body)


def base_url(request: Request) -> str:
    """How the client reaches the emulator: so a manifest's URL works after a restart as well."""
    host = request.headers.get("host", "")
    if not _AUTHORITY.fullmatch(host):
        address, port = request.scope["server"]
        host = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    return f"http://{host}"


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object that the body is.

    Raises:
        RefusedRequest: 400, it is none.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, "The body is not JSON") from None
    if not isinstance(content, dict):
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, "The body is not a JSON object")
    return content


def text_in(content: dict[str, Any], key: str) -> str | None:
    """The text under the key, None without the key.

    Raises:
        RefusedRequest: 400, what is there is no text.
    """
    if key not in content:
        return None
    value = content[key]
    if not isinstance(value, str):
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, f"The field {key} is not a string")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, f"The field {key} is not valid Unicode")
    return value
