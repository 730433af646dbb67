"""What the Runners API answers with, as frozen data.

Each `from_dict` takes the decoded JSON of the documented form and of every form that was seen
elsewhere. Unknown fields are ignored; a field that is missing, null or of no use is None; a
number or boolean where a text belongs becomes that text. What cannot be read raises
`InvalidResponseError`, and nothing else is ever raised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from kubiya_pulumi.api.errors import InvalidResponseError

_GOOD = frozenset({"healthy", "ok", "true"})


@dataclass(frozen=True, kw_only=True)
class ComponentHealth:
    """The health of one component, as the list of runners has it."""

    status: str | None = None
    health: str | None = None
    version: str | None = None
    error: str | None = None

    @classmethod
    def from_dict(cls, data: object) -> ComponentHealth:
        """Read one component's health; raises `InvalidResponseError` if it is no object."""
        entry = _object(data, "a component's health")
        return cls(**{each.name: _text(entry.get(each.name)) for each in fields(cls)})


@dataclass(frozen=True, kw_only=True)
class Runner:
    """A runner. `version` is `v1` or `v2` also where the service gives a number."""

    name: str
    version: str | None = None
    namespace: str | None = None
    kubernetes_namespace: str | None = None
    description: str | None = None
    managed_by: str | None = None
    task_id: str | None = None
    runner_type: str | None = None
    subject: str | None = None
    authentication_type: str | None = None
    user_key_id: str | None = None
    wss_url: str | None = None
    gateway_url: str | None = None
    gateway_password: str | None = field(default=None, repr=False)
    runner_health: ComponentHealth | None = None
    tool_manager_health: ComponentHealth | None = None
    agent_manager_health: ComponentHealth | None = None

    @classmethod
    def from_dict(cls, data: object) -> Runner:
        """Read one runner; raises `InvalidResponseError` if it is no object or has no name."""
        entry = _object(data, "a runner")
        read: dict[str, Any] = {
            name: _text(entry.get(name)) for name in RUNNER_FIELDS - _COMPONENTS - {"version"}
        }
        if not read["name"]:
            raise _malformed("has a runner without a name")
        for name in _COMPONENTS:
            if isinstance(entry.get(name), Mapping):
                read[name] = ComponentHealth.from_dict(entry[name])
        return cls(**read, version=_version(entry.get("version")))


_COMPONENTS = frozenset({"runner_health", "tool_manager_health", "agent_manager_health"})
RUNNER_FIELDS = frozenset(each.name for each in fields(Runner))
"""The fields by which an object is known for a runner."""


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    """What one component says of itself."""

    name: str
    status: str | None = None
    version: str | None = None
    error: str | None = None
    git_sha: str | None = None
    release: str | None = None

    @property
    def healthy(self) -> bool:
        """Whether the check says that all is well."""
        return _is_good(self.status)

    @classmethod
    def from_dict(cls, data: object) -> HealthCheck:
        """Read one check; raises `InvalidResponseError` if it is no object."""
        entry = _object(data, "a health check")
        metadata = entry.get("metadata")
        build = metadata if isinstance(metadata, Mapping) else {}
        return cls(
            name=_text(entry.get("name")) or "unnamed",
            status=_text(entry.get("status")) or _text(entry.get("health")),
            version=_text(entry.get("version")),
            error=_text(entry.get("error")),
            git_sha=_text(build.get("git_sha")),
            release=_text(build.get("release")),
        )


@dataclass(frozen=True, kw_only=True)
class RunnerHealth:
    """The health of a runner and of its components. `time` is the service's text for it."""

    status: str | None = None
    health: str | None = None
    version: str | None = None
    time: str | None = None
    checks: tuple[HealthCheck, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether something says that the runner is well, and nothing contradicts it."""
        words = [word for word in (self.status, self.health) if word]
        said_so = bool(words) and all(_is_good(word) for word in words)
        return said_so and all(check.healthy for check in self.checks)

    @classmethod
    def from_dict(cls, data: object) -> RunnerHealth:
        """Read the health, in the form with `checks` or in the one with `components`.

        Raises:
            InvalidResponseError: it is no object, or a check in it is none: a check that
                cannot be read must not pass for a healthy one.
        """
        entry = _object(data, "the health")
        return cls(
            status=_text(entry.get("status")),
            health=_text(entry.get("health")),
            version=_text(entry.get("version")),
            time=_text(entry.get("time")) or _text(entry.get("last_check")),
            checks=_checks(entry.get("checks")) + _checks(entry.get("components")),
        )


@dataclass(frozen=True, kw_only=True)
class CreatedRunner:
    """The answer to a create.

    `manifest_url` is a secret: whoever has it has the manifest, without a key. `runner` is
    there where the service answered with the whole runner.
    """

    name: str
    manifest_url: str | None = field(default=None, repr=False)
    runner: Runner | None = None

    @classmethod
    def from_dict(cls, data: object) -> CreatedRunner:
        """Read the answer; raises `InvalidResponseError` if it is no object or has no name."""
        entry = _object(data, "the new runner")
        runner = Runner.from_dict(entry)
        whole = not RUNNER_FIELDS.isdisjoint(entry.keys() - {"name"})
        url = _manifest_url(entry)
        return cls(name=runner.name, manifest_url=url, runner=runner if whole else None)


@dataclass(frozen=True, kw_only=True)
class RunnerManifest:
    """The manifest of a runner: its text, or the URL that gives it, or both. Both are secrets."""

    name: str
    manifest_url: str | None = field(default=None, repr=False)
    manifest_content: str | None = field(default=None, repr=False)

    @classmethod
    def from_dict(cls, data: object) -> RunnerManifest:
        """Read the manifest.

        Raises:
            InvalidResponseError: it is no object, has no name, or has neither text nor URL.
        """
        entry = _object(data, "the manifest")
        name, url = _text(entry.get("name")), _manifest_url(entry)
        content = _text(entry.get("manifest_content")) or None
        if not name:
            raise _malformed("does not say whose manifest it is")
        if url is None and content is None:
            raise _malformed("has neither the manifest nor a URL for it")
        return cls(name=name, manifest_url=url, manifest_content=content)


def runners_from(data: object) -> tuple[Runner, ...]:
    """Read a list of runners: an array, an array under `runners`, or an object keyed by name.

    The list decides whether a runner is gone, so whatever could be something else raises: an
    entry that is no runner, and in the keyed form a key that differs from its runner's name.
    `null` is an empty list: that is how some encoders write one.

    Raises:
        InvalidResponseError: it is no list of runners.
    """
    if (
        isinstance(data, Mapping)
        and data.keys() == {"runners"}
        and isinstance(data["runners"], list)
    ):
        data = data["runners"]
    if data is None:
        return ()
    if isinstance(data, list):
        return tuple(Runner.from_dict(entry) for entry in data)
    listed = _object(data, "the list of runners")
    return tuple(_keyed_runner(name, entry) for name, entry in listed.items())


def _keyed_runner(key: str, data: object) -> Runner:
    entry = _object(data, "a runner")
    # An error's body or a wrapped list is an object of objects, too.
    if entry and RUNNER_FIELDS.isdisjoint(entry):
        raise _malformed("is no list of runners")
    name = entry.get("name")
    runner = Runner.from_dict({**entry, "name": key if name is None else name})
    if runner.name != key:
        raise _malformed("lists a runner under another name than its own")
    return runner


def _checks(data: object) -> tuple[HealthCheck, ...]:
    """Read checks as an array, or keyed by the component's name as Python and JSON spell it."""
    if data is None:
        return ()
    if isinstance(data, list):
        return tuple(HealthCheck.from_dict(entry) for entry in data)
    named = _object(data, "the health checks")
    return tuple(
        HealthCheck.from_dict({"name": name.replace("_", "-"), **_object(entry, "a health check")})
        for name, entry in named.items()
    )


def _version(value: object) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        # The service counts the first version as 0.
        return "v1" if value == 0 else f"v{value}".removesuffix(".0")
    return _text(value)


def _manifest_url(entry: Mapping[str, Any]) -> str | None:
    return _text(entry.get("manifest_url")) or _text(entry.get("url")) or None


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return value if isinstance(value, str) else None


def _is_good(word: str | None) -> bool:
    return word is not None and word.strip().lower() in _GOOD


def _object(data: object, what: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise _malformed(f"has something else in place of {what}")
    return data


def _malformed(problem: str) -> InvalidResponseError:
    """An error that only knows the data; the client adds the operation and the runner."""
    return InvalidResponseError(None, None, problem)
