"""A plain HTTP client for the emulator."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import requests

from kubiya_pulumi.emulator import Emulator


class Client:
    """Sends requests with the emulator's key, each to the documented path of the operation."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.session = requests.Session()
        self.session.trust_env = False

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"UserKey {self.emulator.api_key}"}
        headers |= options.pop("headers", {})
        options.setdefault("allow_redirects", False)
        return self.session.request(
            method, self.emulator.url + path, headers=headers, timeout=20, **options
        )

    def list(self) -> requests.Response:
        return self.call("GET", "/api/v3/runners")

    def list_version_1(self) -> requests.Response:
        return self.call("GET", "/api/v1/runners")

    def describe(self, name: str) -> requests.Response:
        return self.call("GET", f"/v1/runners/{quote(name, safe='')}/describe")

    def health(self, name: str) -> requests.Response:
        return self.call("GET", f"/api/v3/runners/{quote(name, safe='')}/health")

    def create(self, name: str, **options: Any) -> requests.Response:
        return self.call("POST", f"/api/v3/runners/{quote(name, safe='')}", **options)

    def delete(self, name: str) -> requests.Response:
        return self.call("DELETE", f"/api/v3/runners/{quote(name, safe='')}")

    def set_description(self, name: str, description: object) -> requests.Response:
        path = f"/api/v3/runners/description/{quote(name, safe='')}"
        return self.call("PUT", path, json={"description": description})

    def manifest(self, name: str) -> requests.Response:
        return self.call("GET", f"/v1/runners/{quote(name, safe='')}/manifest")
