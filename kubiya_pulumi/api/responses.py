"""From an HTTP answer to data, or to the error that it stands for.

The content type is not trusted: what parses as JSON is JSON. Text is UTF-8, with or without a
byte order mark, whatever the header says.
"""

from __future__ import annotations

import http
import json
import re
from dataclasses import dataclass, field
from typing import Any

from kubiya_pulumi.api.errors import (
    DOWNLOAD,
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
from kubiya_pulumi.text import sanitize

_ERRORS: dict[int, type[ApiError]] = {
    400: BadRequestError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    429: RateLimitedError,
}

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, kw_only=True)
class Response:
    """What the service answered to one call, read to its end."""

    operation: str
    runner: str | None
    status: int
    body: bytes = field(repr=False)
    retry_after: float | None = None
    """How many seconds the service asks to wait before the next call."""
    location: str | None = field(default=None, repr=False)
    """The header `Location`, as it came."""

    @property
    def is_success(self) -> bool:
        """Whether the status is one of the 2xx."""
        return 200 <= self.status < 300

    @property
    def redirect(self) -> str | None:
        """Where the answer sends the caller; None if it is no redirect.

        Raises:
            InvalidResponseError: that is neither ASCII nor UTF-8.
        """
        if self.status not in _REDIRECTS or not self.location:
            return None
        try:
            # HTTP's headers are bytes, which reach Python as if they were Latin-1.
            return self.location.encode("latin-1").decode()
        except UnicodeError:
            raise self.malformed("redirects to an address that is not UTF-8 text") from None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it but white space."""
        return not self.body.strip()

    @property
    def is_page(self) -> bool:
        """Whether it is a web page, which is never an answer of the API."""
        return self._begins_with(b"<")

    def text(self) -> str:
        """Give the body as text.

        Raises:
            InvalidResponseError: it is empty, a web page, or not UTF-8.
        """
        self.refuse_page()
        if self.is_empty:
            raise self.malformed("is empty")
        try:
            return self.body.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise self.malformed("is not UTF-8 text") from None

    def json(self) -> Any:
        """Give the body as decoded JSON.

        Raises:
            InvalidResponseError: it is empty, a web page, not UTF-8, or not JSON; or a text in
                it is half of a character, which no state can hold.
        """
        text = self.text()
        try:
            data = json.loads(text)
            # JSON can spell what UTF-8 cannot, one half of a surrogate pair; and Python reads
            # NaN and numbers without end, which are not JSON.
            json.dumps(data, ensure_ascii=False, allow_nan=False).encode()
        except UnicodeEncodeError:
            raise self.malformed("holds text that is not valid Unicode") from None
        except (ValueError, RecursionError):
            raise self.malformed("is not JSON") from None
        return data

    def refuse_page(self) -> None:
        """Raise `InvalidResponseError` if the answer is a web page."""
        if self.is_page:
            raise self.malformed("is a web page, so another server than the API gave it")

    def refuse_list(self) -> None:
        """Raise `InvalidResponseError` if the answer is a list: none is about one runner."""
        if self._begins_with(b"["):
            raise self.malformed("is a list, so it is not about this one runner")

    def _begins_with(self, sign: bytes) -> bool:
        return self.body.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(sign)

    def malformed(self, problem: str) -> InvalidResponseError:
        """Make the error for an answer that cannot be read; `problem` ends "the answer …"."""
        return InvalidResponseError(self.operation, self.runner, problem)


def error_from(answer: Response, message: str | None, *, secret: str) -> ApiError:
    """Make the error that an answer without success stands for.

    Args:
        answer: the answer.
        message: the words to use in place of the service's own.
        secret: the API key, which is cut out of the service's words.
    """
    kind = _ERRORS.get(answer.status)
    if kind is None:
        kind = ServerError if 500 <= answer.status < 600 else UnexpectedStatusError
    code, said = None, _status_words(answer.status)
    # The words of a download's server may repeat the URL, which is a secret.
    if answer.operation != DOWNLOAD:
        code, said = _service_words(answer.body, said)
    code = sanitize(code, [secret]) if code else None
    return kind(
        answer.status,
        code,
        sanitize(message or said, [secret]),
        answer.operation,
        answer.runner,
        answer.retry_after,
    )


def _service_words(body: bytes, default: str) -> tuple[str | None, str]:
    """The code and the message in an error's body: JSON in its several forms, HTML, or text."""
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
        words = (error.get("message"), inner, data.get("message"), data.get("detail"))
        message = next((each for each in words if isinstance(each, str) and each.strip()), default)
        code = error.get("code")
        return str(code) if isinstance(code, str | int) else None, message
    return None, data if isinstance(data, str) and data.strip() else default


def _status_words(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "no reason given"
