"""The options of the emulator: which form of the API it serves, and how it behaves.

The Runners API is known in several forms, and parts of it are undocumented. Each option selects
one of the alternatives. This module does not need the packages of the `emulator` extra; the command
line derives its flags from the fields of `EmulatorOptions`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, get_args

from kubiya_pulumi.emulator.errors import OptionError

Form = Literal["documented", "observed"]
ListForm = Literal["array", "keyed"]
ListPath = Literal["all", "api-v3"]
ManifestForm = Literal["manifest_url", "url", "runner"]
ManifestContent = Literal["present", "absent"]
VersionForm = Literal["string", "number"]
HealthForm = Literal["ok", "true", "components"]
ErrorForm = Literal["json", "text", "html", "empty"]
RunnerFields = Literal["documented", "full", "nulls", "bare"]
NamespaceField = Literal["namespace", "kubernetes_namespace"]
Echo = Literal["echoed", "dropped"]
DescribePath = Literal["all", "v1", "api-v1", "api-v3", "bare"]
ManifestPath = Literal["all", "v1", "api-v1"]
CreateExisting = Literal["return", "conflict", "bad_request"]
Delete = Literal["supported", "not_found", "method_not_allowed"]
Download = Literal["stable", "varying"]
Names = Literal["any", "dns"]
ManifestObjects = Literal["separate", "shared"]
Images = Literal["runner", "pause"]


def _metadata(help_text: str) -> dict[str, Any]:
    """Return the metadata of an option without choices."""
    return {"help": help_text, "choices": (), "by_form": None}


def _choice(literal: object, help_text: str) -> dict[str, Any]:
    """Return the metadata of an option that accepts the values of a `Literal` type."""
    return {**_metadata(help_text), "choices": get_args(literal)}


def _by_form(literal: object, documented: str, observed: str, help_text: str) -> dict[str, Any]:
    """Return the metadata of a choice whose default is None and depends on `form`."""
    defaults = {"documented": documented, "observed": observed}
    return {**_choice(literal, help_text), "by_form": defaults}


@dataclass(frozen=True, kw_only=True)
class EmulatorOptions:
    """The options of an emulator.

    An option whose default is None takes its value from `form`; see `resolved`.

    Raises:
        OptionError: an option has an invalid value.
    """

    form: Form = field(
        default="documented",
        metadata=_choice(Form, "the form of everything that no other option determines"),
    )
    list_as: ListForm = field(
        default="array",
        metadata=_choice(
            ListForm, "the list under /api/v3/runners: an array, or an object keyed by name"
        ),
    )
    manifest_as: ManifestForm | None = field(
        default=None,
        metadata=_by_form(
            ManifestForm,
            "manifest_url",
            "url",
            "where create and manifest return the URL: in manifest_url, in url, or in url next to "
            "the whole runner",
        ),
    )
    manifest_content: ManifestContent = field(
        default="present",
        metadata=_choice(
            ManifestContent, "whether the manifest operation returns the text with the URL"
        ),
    )
    version_as: VersionForm | None = field(
        default=None,
        metadata=_by_form(VersionForm, "string", "number", 'the version of a runner: "v2" or 2'),
    )
    health_as: HealthForm | None = field(
        default=None,
        metadata=_by_form(
            HealthForm,
            "ok",
            "true",
            'the health: "ok" with checks, "true" with checks, or the newer form with components',
        ),
    )
    errors_as: ErrorForm | None = field(
        default=None,
        metadata=_by_form(ErrorForm, "json", "text", "the body of an error response"),
    )
    fields_as: RunnerFields | None = field(
        default=None,
        metadata=_by_form(
            RunnerFields,
            "documented",
            "nulls",
            "the fields of a runner: the documented ones, all observed ones, all observed ones "
            "with null for a missing value, or only the name",
        ),
    )
    namespace_as: NamespaceField | None = field(
        default=None,
        metadata=_by_form(
            NamespaceField,
            "namespace",
            "kubernetes_namespace",
            "the namespace of a runner: in both fields, or only in kubernetes_namespace, with "
            "namespace empty",
        ),
    )
    description_field: Echo = field(
        default="echoed", metadata=_choice(Echo, "whether responses contain a runner's description")
    )
    owner_fields: Echo = field(
        default="echoed",
        metadata=_choice(Echo, "whether responses contain a runner's managed_by and task_id"),
    )
    list_path: ListPath = field(
        default="all",
        metadata=_choice(
            ListPath,
            "which list paths are served; all includes /api/v1/runners, whose list is always keyed",
        ),
    )
    describe_path: DescribePath = field(
        default="all",
        metadata=_choice(
            DescribePath, "which describe paths are served; bare is GET /api/v3/runners/{name}"
        ),
    )
    manifest_path: ManifestPath = field(
        default="all", metadata=_choice(ManifestPath, "which manifest paths are served")
    )
    create_existing: CreateExisting = field(
        default="return",
        metadata=_choice(
            CreateExisting,
            "the response to a create of an existing name: 200 with its manifest, 409, or 400",
        ),
    )
    delete: Delete = field(
        default="supported",
        metadata=_choice(Delete, "whether delete is supported, or always gets 404 or 405"),
    )
    download: Download = field(
        default="stable",
        metadata=_choice(
            Download, "whether the text of a manifest differs by a comment in each response"
        ),
    )
    names: Names = field(
        default="any",
        metadata=_choice(Names, "which names create accepts: any, or only RFC 1123 labels"),
    )
    manifest_objects: ManifestObjects = field(
        default="separate",
        metadata=_choice(
            ManifestObjects,
            "whether the manifest of a new runner has a namespace and cluster-scoped objects of "
            "its own, or the same as the others",
        ),
    )
    images: Images = field(
        default="runner",
        metadata=_choice(
            Images,
            "the images of a new runner's manifest: those of a runner, or one that does nothing, "
            "for a cluster that runs its pods",
        ),
    )
    latency_seconds: float = field(
        default=0.0,
        metadata=_metadata("seconds between the operation and the response of each call"),
    )
    healthy_after_seconds: float = field(
        default=0.0, metadata=_metadata("seconds from the creation of a runner until it is healthy")
    )
    api_key: str | None = field(
        default=None,
        repr=False,
        metadata=_metadata("the only key that is accepted; by default any key"),
    )
    forbidden_keys: tuple[str, ...] = field(
        default=(),
        repr=False,
        metadata=_metadata("keys that are valid but lack the permission: 403"),
    )

    def __post_init__(self) -> None:
        for option in fields(self):
            if choices := option.metadata["choices"]:
                optional = option.metadata["by_form"] is not None
                _require_choice(option.name, getattr(self, option.name), choices, optional=optional)
        for name in ("latency_seconds", "healthy_after_seconds"):
            object.__setattr__(self, name, _seconds(name, getattr(self, name)))
        keys = self.forbidden_keys
        if not isinstance(keys, list | tuple) or not all(isinstance(key, str) for key in keys):
            raise OptionError('The option "forbidden_keys" must be a list of strings.')
        object.__setattr__(self, "forbidden_keys", tuple(keys))
        if self.api_key is not None and not (isinstance(self.api_key, str) and self.api_key):
            raise OptionError(
                'The option "api_key" must be a non-empty string; omit it to accept any key.'
            )

    def resolved(self) -> EmulatorOptions:
        """Return these options with a value for each option that depends on `form`."""
        defaults: dict[str, Any] = {
            option.name: option.metadata["by_form"][self.form]
            for option in fields(self)
            if option.metadata["by_form"] and getattr(self, option.name) is None
        }
        return replace(self, **defaults)

    def with_changes(self, changes: Mapping[str, Any]) -> EmulatorOptions:
        """Return these options with some of them changed.

        Args:
            changes: the new values by option name.

        Raises:
            OptionError: an option does not exist, or a value is invalid.
        """
        unknown = sorted(map(str, changes.keys() - {option.name for option in fields(self)}))
        if unknown:
            raise OptionError(f"The emulator has no such option: {', '.join(unknown)}.")
        return replace(self, **changes)

    def without_keys(self) -> dict[str, Any]:
        """Return the options as a dictionary, without the API keys."""
        keys = {"api_key", "forbidden_keys"}
        return {name: value for name, value in asdict(self).items() if name not in keys}


def choices() -> dict[str, tuple[str, ...]]:
    """Return the accepted values of each option that has a fixed set of them."""
    return {
        option.name: option.metadata["choices"]
        for option in fields(EmulatorOptions)
        if option.metadata["choices"]
    }


def _require_choice(name: str, value: object, values: tuple[str, ...], *, optional: bool) -> None:
    if value not in values and not (optional and value is None):
        accepted = ", ".join(f'"{value}"' for value in values)
        raise OptionError(f'The option "{name}" must be one of {accepted}, not {value!r}.')


def _seconds(name: str, value: object) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or value < 0:  # type: ignore[arg-type, operator]
        raise OptionError(
            f'The option "{name}" must be a finite number of seconds, 0 or greater, not {value!r}.'
        )
    return float(value)  # type: ignore[arg-type]
