"""The switches: how the emulator answers where the API is known in several forms, or not known.

A switch whose default is None follows `form`; `resolved` says what that comes to. Nothing here
needs the emulator's extra, and the command line takes its flags from these fields.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Final, Literal, get_args, get_type_hints

from kubiya_pulumi.emulator.errors import OptionError

__all__ = ["EmulatorOptions", "choices"]

_BY_FORM: Final[Mapping[str, Mapping[str, str]]] = {
    "documented": {
        "list_as": "array",
        "manifest_as": "manifest_url",
        "version_as": "string",
        "health_as": "ok",
        "errors_as": "json",
        "fields_as": "documented",
        "namespace_as": "namespace",
    },
    "observed": {
        "list_as": "keyed",
        "manifest_as": "url",
        "version_as": "number",
        "health_as": "true",
        "errors_as": "text",
        "fields_as": "nulls",
        "namespace_as": "kubernetes_namespace",
    },
}


def _switch(default: Any, meaning: str, *, secret: bool = False) -> Any:
    return field(default=default, repr=not secret, metadata={"help": meaning, "secret": secret})


@dataclass(frozen=True, kw_only=True)
class EmulatorOptions:
    """How the emulator answers. Each value is checked when the object is made.

    Raises:
        OptionError: a value that the switch does not have.
    """

    form: Literal["documented", "observed"] = _switch(
        "documented", "the form of every answer that no other switch decides"
    )
    list_as: Literal["array", "keyed"] | None = _switch(
        None, "the list of runners: an array, or an object keyed by name"
    )
    manifest_as: Literal["manifest_url", "url", "runner"] | None = _switch(
        None, "where create and manifest answer with the URL: in manifest_url, in url, or in url "
        "beside the whole runner"
    )  # fmt: skip
    manifest_content: Literal["present", "absent"] = _switch(
        "present", "whether the manifest operation gives the text beside the URL"
    )
    version_as: Literal["string", "number"] | None = _switch(
        None, 'the version of a runner: "v2" or 2'
    )
    health_as: Literal["ok", "true", "components"] | None = _switch(
        None, 'the health: "ok" with checks, "true" with checks, or the newer form with components'
    )
    errors_as: Literal["json", "text", "html", "empty"] | None = _switch(
        None, "the body of an error answer"
    )
    fields_as: Literal["documented", "full", "nulls", "bare"] | None = _switch(
        None, "the fields of a runner: the documented ones, all observed ones, those with null "
        "where there is no value, or the name alone"
    )  # fmt: skip
    namespace_as: Literal["namespace", "kubernetes_namespace"] | None = _switch(
        None, "the namespace of a runner: in both fields, or in kubernetes_namespace with "
        "namespace empty"
    )  # fmt: skip
    description_field: Literal["echoed", "dropped"] = _switch(
        "echoed", "whether a runner's answers carry its description"
    )
    owner_fields: Literal["echoed", "dropped"] = _switch(
        "echoed", "whether a runner's answers carry managed_by and task_id"
    )
    describe_path: Literal["all", "v1", "api-v1", "api-v3", "bare"] = _switch(
        "all", "which describe paths are served; bare is GET /api/v3/runners/{name}"
    )
    manifest_path: Literal["all", "v1", "api-v1"] = _switch(
        "all", "which manifest paths are served"
    )
    create_existing: Literal["return", "conflict", "bad_request"] = _switch(
        "return", "create of a name that exists: 200 with its manifest, 409, or 400"
    )
    delete: Literal["supported", "not_found", "method_not_allowed"] = _switch(
        "supported", "delete: done, or always answered 404 or 405"
    )
    download: Literal["stable", "varying"] = _switch(
        "stable", "whether a manifest's text differs by a comment each time it is given out"
    )
    names: Literal["any", "dns"] = _switch(
        "any", "which names create takes: any, or RFC 1123 labels alone"
    )
    latency_seconds: float = _switch(0.0, "seconds between the work and the answer of each call")
    healthy_after_seconds: float = _switch(
        0.0, "seconds from the creation of a runner until it is healthy"
    )
    api_key: str | None = _switch(
        None, "the one key that is accepted; without it, any key", secret=True
    )
    forbidden_keys: tuple[str, ...] = _switch(
        (), "keys that are valid but lack the permission: 403", secret=True
    )

    def __post_init__(self) -> None:
        for name, allowed in _CHOICES.items():
            value = getattr(self, name)
            if value is not None and value not in allowed:
                listed = ", ".join(allowed)
                raise OptionError(f"The switch {name} is one of {listed}, not {value!r}.")
            if value is None and name not in _BY_FORM["documented"]:
                raise OptionError(f"The switch {name} has to have a value.")
        for name in ("latency_seconds", "healthy_after_seconds"):
            object.__setattr__(self, name, _seconds(name, getattr(self, name)))
        keys = self.forbidden_keys
        if not isinstance(keys, list | tuple) or not all(isinstance(key, str) for key in keys):
            raise OptionError("The switch forbidden_keys is a list of keys.")
        object.__setattr__(self, "forbidden_keys", tuple(keys))
        if self.api_key is not None and not (isinstance(self.api_key, str) and self.api_key):
            raise OptionError("The switch api_key is a key, or nothing to accept any key.")

    def resolved(self) -> "EmulatorOptions":
        """The same switches with a value in each that follows `form`."""
        defaults = _BY_FORM[self.form]
        unset: dict[str, Any] = {k: v for k, v in defaults.items() if getattr(self, k) is None}
        return replace(self, **unset)

    def changed(self, changes: Mapping[str, Any]) -> "EmulatorOptions":
        """The same switches with these changes.

        Raises:
            OptionError: a switch that does not exist, or a value that it does not have.
        """
        unknown = sorted(set(changes) - {each.name for each in fields(self)})
        if unknown:
            raise OptionError(f"There is no switch {', '.join(map(str, unknown))}.")
        return replace(self, **changes)

    def public(self) -> dict[str, Any]:
        """The switches as data, without the keys."""
        secret = {each.name for each in fields(self) if each.metadata["secret"]}
        return {name: value for name, value in asdict(self).items() if name not in secret}


def _seconds(name: str, value: object) -> float:
    usable = isinstance(value, int | float) and not isinstance(value, bool)
    if not usable or not math.isfinite(value) or value < 0:  # type: ignore[arg-type, operator]
        raise OptionError(f"The switch {name} is a number of seconds, not {value!r}.")
    return float(value)  # type: ignore[arg-type]


def choices() -> dict[str, tuple[str, ...]]:
    """The switches that have a fixed set of values, with these values."""
    found = {}
    for name, hint in get_type_hints(EmulatorOptions).items():
        values = [v for v in _flatten(hint) if isinstance(v, str)]
        if values:
            found[name] = tuple(values)
    return found


def _flatten(hint: Any) -> tuple[Any, ...]:
    arguments = get_args(hint)
    return tuple(v for each in arguments for v in _flatten(each)) if arguments else (hint,)


_CHOICES: Final = choices()
