"""Fake servers for the comments of one pull request, with the APIs of GitHub and GitLab."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

TOKEN = "token-for-comments"
PAGE_SIZE = 2
"""Comments on a page, whatever size the request asks for."""


class Forge:
    """A service that stores comments. Use it as a context manager."""

    bot: str
    """The user of the token."""
    thread: str
    """The path of the list of comments."""
    one: str
    """The path of a comment, without its ID."""
    update_method: str
    """The HTTP method that updates a comment."""
    url: str
    """The base URL of the API."""

    def __init__(self) -> None:
        self.comments: dict[int, tuple[str, str]] = {}
        """The author and the text of each comment, by ID."""
        self.calls: list[str] = []
        """The method and the path of each request, in order."""
        self.fail: dict[str, tuple[int, str]] = {}
        """A status and a text to return for each request with a method."""
        self.next_page: str | None = None
        """A URL to return as the next page of a list, instead of the right one."""

    def __enter__(self) -> Self:
        forge = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args: object) -> None:
                """Log nothing."""

            def handle_request(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length) or b"{}")
                token = self.headers["Authorization"]
                status, content, headers = forge.respond(self.command, self.path, body, token)
                text = (content if isinstance(content, str) else json.dumps(content)).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(text))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PATCH = do_PUT = handle_request  # noqa: N815

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def add(self, author: str, text: str) -> int:
        """Add a comment and return its ID."""
        id_ = 100 + len(self.comments)
        self.comments[id_] = (author, text)
        return id_

    def respond(
        self, method: str, target: str, body: dict[str, str], token: str | None
    ) -> tuple[int, Any, dict[str, str]]:
        """Return the status, the JSON or text, and the headers of a response."""
        self.calls.append(f"{method} {target}")
        url = urlsplit(target)
        if method in self.fail:
            return *self.fail[method], {"Location": f"{self.url}/elsewhere"}
        if token != f"Bearer {TOKEN}":
            return 401, {"message": "Bad credentials"}, {}
        if (method, url.path) == ("GET", "/user"):
            return 200, {"username": self.bot}, {}
        if (method, url.path) == ("GET", self.thread):
            return self._list(url.path, int(parse_qs(url.query).get("page", ["1"])[0]))
        if (method, url.path) == ("POST", self.thread):
            return 201, self.shown(self.add(self.bot, body["body"])), {}
        if (match := re.fullmatch(rf"{self.one}/(\d+)", url.path)) and method == self.update_method:
            id_ = int(match[1])
            self.comments[id_] = (self.comments[id_][0], body["body"])
            return 200, self.shown(id_), {}
        return 404, {"message": "Not Found"}, {}

    def _list(self, path: str, page: int) -> tuple[int, Any, dict[str, str]]:
        ids = list(self.comments)
        headers = {}
        if len(ids) > page * PAGE_SIZE:
            address = self.next_page or f"{self.url}{path}?per_page={PAGE_SIZE}&page={page + 1}"
            headers["Link"] = f'<{address}>; rel="next", <{self.url}{path}>; rel="first"'
        return (
            200,
            [self.shown(id_) for id_ in ids[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]],
            headers,
        )

    def shown(self, id_: int) -> dict[str, Any]:
        """Return a comment as the API does."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Return the variables that the service sets in each job of a pull request."""
        raise NotImplementedError


class GitHub(Forge):
    """The comments of pull request 7 of `acme/infrastructure`."""

    bot = "github-actions[bot]"
    thread = "/repos/acme/infrastructure/issues/7/comments"
    one = "/repos/acme/infrastructure/issues/comments"
    update_method = "PATCH"

    def shown(self, id_: int) -> dict[str, Any]:
        author, text = self.comments[id_]
        return {"id": id_, "user": {"login": author}, "body": text}

    def environment(self) -> dict[str, str]:
        return {"GITHUB_API_URL": self.url, "GITHUB_REPOSITORY": "acme/infrastructure"}


class GitLab(Forge):
    """The notes of merge request 7 of project 12."""

    bot = "project_12_bot_0a1b"
    thread = one = "/projects/12/merge_requests/7/notes"
    update_method = "PUT"

    def shown(self, id_: int) -> dict[str, Any]:
        author, text = self.comments[id_]
        return {"id": id_, "author": {"username": author}, "body": text}

    def environment(self) -> dict[str, str]:
        return {
            "GITLAB_CI": "true",
            "CI_API_V4_URL": self.url,
            "CI_PROJECT_ID": "12",
            "CI_MERGE_REQUEST_IID": "7",
        }
