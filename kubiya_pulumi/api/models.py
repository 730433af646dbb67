"""The data that the Runners API returns, as frozen dataclasses.

Each `from_dict` accepts decoded JSON in the documented form and in every other known form:

- Unknown fields are ignored.
- A field that is missing, null or of an unusable type becomes None.
- A number or boolean where text is expected becomes text.

Data in any other form raises `InvalidResponseError`. No other exception is raised.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from kubiya_pulumi.api.decoded_json import as_object, as_text, invalid_data
from kubiya_pulumi.api.health_models import ComponentHealth


@dataclass(frozen=True, kw_only=True)
class Runner:
    """A runner."""

    name: str
    """The name, unique in the organization."""
    version: str | None = None
    """The version: `v1` or `v2`, also where the service returns a number, or one as text."""
    namespace: str | None = None
    """The Kubernetes namespace. May be empty if `kubernetes_namespace` is set."""
    kubernetes_namespace: str | None = None
    """The Kubernetes namespace, in another field of the API."""
    description: str | None = None
    """The description."""
    managed_by: str | None = None
    """The tool that created the runner, as it named itself."""
    task_id: str | None = None
    """The id that this tool gave to the creation."""
    runner_health: ComponentHealth | None = None
    """The health of the runner. Only the list contains it."""
    tool_manager_health: ComponentHealth | None = None
    """The health of the tool manager. Only the list contains it."""
    agent_manager_health: ComponentHealth | None = None
    """The health of the agent manager. Only the list contains it."""

    @classmethod
    def from_dict(cls, data: object) -> Runner:
        """Parse a runner.

        Raises:
            InvalidResponseError: the data is not an object, or has no name.
        """
        values = as_object(data, "an object describing a runner")
        attributes: dict[str, Any] = {name: as_text(values.get(name)) for name in _TEXT_FIELDS}
        if not attributes["name"]:
            raise invalid_data("contains a runner without a name")
        for name in _HEALTH_FIELDS:
            if isinstance(values.get(name), dict):
                attributes[name] = ComponentHealth.from_dict(values[name])
        return cls(**attributes, version=_version(values.get("version")))


_RUNNER_ATTRIBUTES = frozenset(attribute.name for attribute in fields(Runner))
_HEALTH_FIELDS = frozenset({"runner_health", "tool_manager_health", "agent_manager_health"})
_TEXT_FIELDS = _RUNNER_ATTRIBUTES - _HEALTH_FIELDS - {"version"}
_IGNORED_FIELDS = frozenset(
    {
        "runner_type",
        "subject",
        "authentication_type",
        "user_key_id",
        "wss_url",
        "gateway_url",
        "gateway_password",
    }
)
RUNNER_FIELDS = _RUNNER_ATTRIBUTES | _IGNORED_FIELDS
"""The fields that identify an object as a runner."""


@dataclass(frozen=True, kw_only=True)
class CreatedRunner:
    """The response to the creation of a runner."""

    name: str
    """The runner's name."""
    manifest_url: str | None = field(default=None, repr=False)
    """The URL of the manifest. Secret: anyone with the URL can download the manifest."""
    runner: Runner | None = None
    """The runner. None if the service did not return the complete runner."""

    @classmethod
    def from_dict(cls, data: object) -> CreatedRunner:
        """Parse the response.

        Raises:
            InvalidResponseError: the data is not an object, or has no name.
        """
        values = as_object(data, "an object describing the new runner")
        runner = Runner.from_dict(values)
        is_complete = not RUNNER_FIELDS.isdisjoint(values.keys() - {"name"})
        return cls(
            name=runner.name,
            manifest_url=_manifest_url(values),
            runner=runner if is_complete else None,
        )


@dataclass(frozen=True, kw_only=True)
class RunnerManifest:
    """The manifest of a runner: its text, its URL, or both. Both are secrets."""

    name: str
    """The runner's name."""
    manifest_url: str | None = field(default=None, repr=False)
    """The URL of the manifest. Secret: anyone with the URL can download the manifest."""
    manifest_content: str | None = field(default=None, repr=False)
    """The manifest's text. Secret: it contains credentials."""

    @classmethod
    def from_dict(cls, data: object) -> RunnerManifest:
        """Parse the manifest.

        Raises:
            InvalidResponseError: the data is not an object, has no name, or contains neither
                text nor URL.
        """
        values = as_object(data, "an object describing the manifest")
        name, url = as_text(values.get("name")), _manifest_url(values)
        content = as_text(values.get("manifest_content")) or None
        if not name:
            raise invalid_data("contains a manifest without the runner's name")
        if url is None and content is None:
            raise invalid_data("contains neither the manifest nor its URL")
        return cls(name=name, manifest_url=url, manifest_content=content)


def runners_from(data: object) -> tuple[Runner, ...]:
    """Parse a list of runners: an array, an array under `runners`, or an object keyed by name.

    The list decides whether a runner is deleted, so it is rejected if any part of it is
    malformed: an entry that is not a runner, or a key that differs from its runner's name.
    `null` is an empty list, because some encoders write an empty list like that.

    Raises:
        InvalidResponseError: the data is not a list of runners.
    """
    if isinstance(data, dict) and data.keys() == {"runners"} and isinstance(data["runners"], list):
        data = data["runners"]
    if data is None:
        return ()
    if isinstance(data, list):
        return tuple(Runner.from_dict(entry) for entry in data)
    runners = as_object(data, "a list of runners")
    return tuple(_keyed_runner(name, entry) for name, entry in runners.items())


def _keyed_runner(key: str, data: object) -> Runner:
    values = as_object(data, "an object describing a runner")
    # The body of an error and a wrapped list are objects of objects, too.
    if values and RUNNER_FIELDS.isdisjoint(values):
        raise invalid_data("is not a list of runners")
    name = values.get("name")
    runner = Runner.from_dict({**values, "name": key if name is None else name})
    if runner.name != key:
        raise invalid_data("lists a runner under a key that differs from its name")
    return runner


_SHORT_NUMBER = re.compile("[0-9]{1,9}")


def _version(value: object) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        # The API returns 0 for v1 and 2 for v2. The number 1 is not documented.
        return "v1" if value == 0 else f"v{value}".removesuffix(".0")
    text = as_text(value)
    return _version(int(text)) if text and _SHORT_NUMBER.fullmatch(text) else text


def _manifest_url(values: Mapping[str, Any]) -> str | None:
    return as_text(values.get("manifest_url")) or as_text(values.get("url")) or None
