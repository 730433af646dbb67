"""The Runners API of the demo: an emulator in a process of its own, and requests to it."""

from __future__ import annotations

import re
import time
from secrets import token_urlsafe
from typing import Any

import requests
from demo_environment import DemoError
from guard import Guard

WAIT_SECONDS = 60.0


class RunnersService:
    """An emulator, started by `start`, and the requests of one user.

    Args:
        guard: starts the process, and ends it with the demo.
    """

    url: str
    """The URL of the API."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self.api_key = token_urlsafe()
        """The API key of the requests."""

    def start(self, *command: str) -> None:
        """Start the emulator and wait until it accepts requests.

        Raises:
            DemoError: it did not start in time.
            ProcessDiedError: it ended.
        """
        self._guard.start("emulator", *command)
        deadline = time.monotonic() + WAIT_SECONDS
        while not (found := re.search(r"on (http://127\.0\.0\.1:\d+)", self._log())):
            self._guard.check()
            if time.monotonic() > deadline:
                raise DemoError(f"the emulator did not start; {self._guard.tail('emulator')}")
            time.sleep(0.05)
        self.url = found[1]

    def call(self, method: str, path: str) -> Any:
        """Send a request and return the JSON of the response, or None if it is empty.

        Raises:
            DemoError: the response is an error, or did not arrive.
        """
        headers = {"Authorization": f"UserKey {self.api_key}"}
        try:
            response = requests.request(method, self.url + path, headers=headers, timeout=30)
        except requests.RequestException as error:
            raise DemoError(f"{method} {path} failed: {error}") from None
        if not response.ok:
            raise DemoError(f"{method} {path} failed with status {response.status_code}")
        return response.json() if response.content else None

    def manifest(self, runner: str) -> str:
        """Return the manifest of a runner."""
        return str(self.call("GET", f"/v1/runners/{runner}/manifest")["manifest_content"])

    def wait_until_healthy(self, runner: str) -> None:
        """Wait until a runner is healthy.

        Raises:
            DemoError: it is not healthy in time.
        """
        deadline = time.monotonic() + WAIT_SECONDS
        path = f"/api/v3/runners/{runner}/health"
        while (status := self.call("GET", path).get("status")) != "healthy":
            if time.monotonic() > deadline:
                raise DemoError(f"the runner is {status}, not healthy, after {WAIT_SECONDS:.0f} s")
            time.sleep(0.2)

    def _log(self) -> str:
        return self._guard.log("emulator").read_text()
