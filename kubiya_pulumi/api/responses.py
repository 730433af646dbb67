"""Parse a response into data, or into the error that it reports.

The content type is not trusted: a body that parses as JSON is JSON. Text is decoded as UTF-8,
with or without a byte order mark, whatever the header says.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from kubiya_pulumi.api.errors import (
    ApiError,
    BadRequestError,
    ConflictError,
    ForbiddenError,
    InvalidResponseError,
    NotFoundError,
    RateLimitedError,
    ServerError,
    UnauthorizedError,
    UnexpectedStatusError,
)
from kubiya_pulumi.api.operations import DOWNLOAD
from kubiya_pulumi.text import sanitize

_ERRORS: dict[int, type[ApiError]] = {
    HTTPStatus.BAD_REQUEST: BadRequestError,
    HTTPStatus.UNAUTHORIZED: UnauthorizedError,
    HTTPStatus.FORBIDDEN: ForbiddenError,
    HTTPStatus.NOT_FOUND: NotFoundError,
    HTTPStatus.CONFLICT: ConflictError,
    HTTPStatus.TOO_MANY_REQUESTS: RateLimitedError,
}

_REDIRECTS = frozenset(
    {
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.SEE_OTHER,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }
)


@dataclass(frozen=True, kw_only=True)
class Response:
    """The complete response to a request."""

    operation: str
    """The client's method."""
    runner: str | None
    """The runner's name, if the operation concerns one."""
    status: int
    """The HTTP status."""
    body: bytes = field(repr=False)
    """The body, decompressed."""
    retry_after: float | None = None
    """The seconds to wait before the next request, from the `Retry-After` header."""
    location: str | None = field(default=None, repr=False)
    """The header `Location`, unparsed."""

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def redirect(self) -> str | None:
        """The target of a redirect. None if the response is not a redirect.

        Raises:
            InvalidResponseError: the target is neither ASCII nor UTF-8.
        """
        if self.status not in _REDIRECTS or not self.location:
            return None
        try:
            # Python decodes the bytes of a header as Latin-1.
            return self.location.encode("latin-1").decode()
        except UnicodeError:
            raise self.invalid("redirects to a URL that is not UTF-8") from None

    @property
    def is_empty(self) -> bool:
        """Whether the body contains only whitespace."""
        return not self.body.strip()

    @property
    def is_html(self) -> bool:
        """Whether the body is a web page, which the API never returns."""
        return self._starts_with(b"<")

    def text(self) -> str:
        """Return the body as text.

        Raises:
            InvalidResponseError: the body is empty, HTML or not UTF-8.
        """
        self.reject_html()
        if self.is_empty:
            raise self.invalid("is empty")
        try:
            return self.body.decode()
        except UnicodeDecodeError:
            raise self.invalid("is not UTF-8 text") from None

    def json(self) -> Any:
        """Return the body as decoded JSON.

        Raises:
            InvalidResponseError: the body is empty, HTML, not UTF-8 or not JSON, or a string in
                it is not valid Unicode, so that no state can store it.
        """
        text = self.text().removeprefix("\ufeff")
        try:
            data = _DECODER.decode(text)
            if _ESCAPED_SURROGATE.search(text):
                # UTF-8 cannot encode an unpaired surrogate.
                json.dumps(data, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise self.invalid("contains text that is not valid Unicode") from None
        except (ValueError, RecursionError):
            raise self.invalid("is not JSON") from None
        return data

    def reject_html(self) -> None:
        """Raise `InvalidResponseError` if the body is HTML."""
        if self.is_html:
            raise self.invalid("is a web page, so it came from a server other than the API")

    def reject_array(self) -> None:
        """Raise `InvalidResponseError` if the body is an array, which never describes a runner."""
        if self._starts_with(b"["):
            raise self.invalid("is an array, so it does not describe this runner")

    def _starts_with(self, prefix: bytes) -> bool:
        return self.body.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(prefix)

    def invalid(self, problem: str) -> InvalidResponseError:
        """Return an error for this response.

        Args:
            problem: what is wrong, as a predicate of the response: `is not JSON`.
        """
        return InvalidResponseError(self.operation, self.runner, problem)


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(number)
    return value


# Python also accepts NaN and infinite numbers, which are not JSON.
_DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=_finite)
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def error_from_response(response: Response, message: str | None, *, secret: str) -> ApiError:
    """Return the error that an unsuccessful response reports.

    Args:
        response: the response.
        message: the message of the error. None uses the service's own.
        secret: the API key, which is removed from the service's message.
    """
    kind = _ERRORS.get(response.status)
    if kind is None:
        kind = ServerError if 500 <= response.status < 600 else UnexpectedStatusError
    code, service_message = None, _reason_phrase(response.status)
    # A download's server may repeat the URL, which is a secret, in its message.
    if response.operation != DOWNLOAD:
        code, service_message = _parse_error(response.body, service_message)
    code = sanitize(code, [secret]) if code else None
    return kind(
        response.status,
        code,
        sanitize(message or service_message, [secret]),
        response.operation,
        response.runner,
        response.retry_after,
    )


def _parse_error(body: bytes, default: str) -> tuple[str | None, str]:
    """Return the code and the message of an error's body: JSON in several forms, HTML or text."""
    text = body.decode("utf-8-sig", errors="replace").strip()
    if text.startswith("<"):
        title = re.search(r"<title[^>]*>([^<]*)", text, re.IGNORECASE)
        return None, f"a web page, {title[1].strip()}" if title and title[1].strip() else default
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None, text.partition("\n")[0] or default
    if isinstance(data, dict):
        inner = data.get("error")
        error = inner if isinstance(inner, dict) else data
        candidates = (error.get("message"), inner, data.get("message"), data.get("detail"))
        messages = (text for text in candidates if isinstance(text, str) and text.strip())
        code = error.get("code")
        return str(code) if isinstance(code, str | int) else None, next(messages, default)
    return None, data if isinstance(data, str) and data.strip() else default


def _reason_phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no reason given"
