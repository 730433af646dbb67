"""The example of docs/writing-a-dynamic-provider.md: its files, and the service that it needs."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tests.harness.toolchain import ROOT

PAGE = ROOT / "docs" / "writing-a-dynamic-provider.md"
TOKEN = "token-of-the-message-service"


def write_example(folder: Path) -> None:
    """Write the program of the page, its modules and its unit test.

    Args:
        folder: an existing folder.
    """
    topic, client, program, test = re.findall(
        r"^```python\n(.*?)^```$", PAGE.read_text(), re.M | re.S
    )
    package = folder / "message_service"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "topic.py").write_text(topic)
    (package / "client.py").write_text(client)
    (folder / "__main__.py").write_text(program)
    (folder / "test_topics.py").write_text(test)
    (folder / "Pulumi.yaml").write_text("name: messages\nruntime: python\n")


class MessageService:
    """The topics of the service in memory, with the operations of `TopicsApi`."""

    topics: dict[str, dict[str, Any]]
    """The topics by name."""
    calls: list[str]
    """The changes so far: method and topic."""

    def __init__(self) -> None:
        self.topics, self.calls = {}, []

    def list_topics(self) -> list[dict[str, Any]]:
        return list(self.topics.values())

    def create(self, name: str, *, retention_hours: float, owner: str | None) -> dict[str, Any]:
        self.calls.append(f"POST {name}")
        self.topics[name] = {
            "name": name,
            "retention_hours": retention_hours,
            "owner": owner,
            "publish_url": f"https://messages.example/{name}?key=secret-of-{name}",
        }
        return self.topics[name]

    def set_retention(self, name: str, hours: float) -> dict[str, Any]:
        self.calls.append(f"PATCH {name}")
        self.topics[name]["retention_hours"] = hours
        return self.topics[name]

    def delete(self, name: str) -> None:
        self.calls.append(f"DELETE {name}")
        del self.topics[name]


@contextmanager
def serve(service: MessageService) -> Iterator[str]:
    """Serve the topics over HTTP on loopback, and provide the URL."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            name = unquote(self.path.lstrip("/"))
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or "{}")
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                self.respond(401, {})
            elif self.command == "POST":
                self.respond(200, service.create(name, **body))
            elif self.command == "GET" and not name:
                self.respond(200, {"topics": service.list_topics()})
            elif name not in service.topics:
                self.respond(404, {})
            elif self.command == "PATCH":
                self.respond(200, service.set_retention(name, body["retention_hours"]))
            else:
                service.delete(name)
                self.respond(200, {})

        def respond(self, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815 - the names of the base

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
