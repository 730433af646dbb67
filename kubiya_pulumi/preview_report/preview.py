"""What a preview says, whatever the form of the engine's output."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from kubiya_pulumi.preview_report.errors import unknown_part
from kubiya_pulumi.preview_report.fields import Fields
from kubiya_pulumi.preview_report.steps import Step, Urn

NO_SUMMARY = "The output ends without the engine's summary, so the preview is not complete."

_SEVERITIES = frozenset({"debug", "info", "info#err", "warning", "error"})
_COLORS = re.compile(r"<\{%.*?%\}>|\x1b\[[0-9;]*[A-Za-z]")

# The Kubernetes provider warns if it cannot list the objects of a component. The warning about a
# ConfigFile or a ConfigGroup begins with its type and name; any other one belongs to a resource.
_INCOMPLETE = re.compile(r"input properties have unknown values", re.IGNORECASE)
_INCOMPLETE_COMPONENT = re.compile(
    r"([^\s:]+:[^\s:]+:[^\s:]+):(.+) -- Required input properties have unknown values"
)


class ResourceRef(NamedTuple):
    """A resource, identified by its type and its logical name."""

    type: str
    name: str

    @classmethod
    def of(cls, urn: Urn) -> ResourceRef:
        """Return the reference to the resource of a URN."""
        return cls(urn.type, urn.name)


_UNNAMED = ResourceRef("component", "unnamed")


@dataclass(frozen=True)
class PolicyViolation:
    """A violation of a policy of a policy pack."""

    policy: str
    pack: str
    message: str
    is_mandatory: bool
    """Whether the violation fails the update. One with an exception does not."""
    resource: ResourceRef | None = None
    """None for a violation of the stack as a whole."""


@dataclass(frozen=True)
class PolicyRemediation:
    """A change that a policy makes to the properties of a resource."""

    policy: str
    pack: str
    resource: ResourceRef | None = None


class Diagnostic(NamedTuple):
    """A message of the engine, the program or a provider."""

    severity: str
    message: str
    """Without colors, and without the severity as a prefix."""
    urn: Urn

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Diagnostic:
        """Read a diagnostic from the engine's JSON.

        Raises:
            PreviewError: a field is not as the engine writes it, or the severity is unknown.
        """
        fields = Fields("diagnostic", data)
        severity = fields.required_text("severity")
        if severity not in _SEVERITIES:
            raise unknown_part("a diagnostic with the severity", severity)
        text = plain_text(fields.text("prefix") + fields.text("message"))
        return cls(severity, text.removeprefix(f"{severity}: "), Urn(fields.text("urn")))


@dataclass(frozen=True)
class Preview:
    """The steps that the engine plans, and its diagnostics."""

    steps: tuple[Step, ...]
    errors: tuple[str, ...] = ()
    """The errors that ended the preview. Empty if the preview succeeded."""
    warnings: tuple[str, ...] = ()
    """The warnings of the engine, the program and the providers, without duplicates."""
    incomplete: tuple[ResourceRef, ...] = ()
    """The components whose objects are unknown, according to the Kubernetes provider."""
    unchanged_listed: bool = True
    """Whether `steps` includes unchanged resources (`--show-sames`)."""
    violations: tuple[PolicyViolation, ...] = ()
    """The violations of policies. Only the event stream contains them."""
    remediations: tuple[PolicyRemediation, ...] = ()
    """The changes by policies. Only the event stream contains them."""

    @property
    def stack(self) -> str:
        """The project and the stack, such as `infra/dev`. Empty if the preview has no step."""
        return self.steps[0].urn.stack if self.steps else ""

    @property
    def has_failed(self) -> bool:
        """Whether the update cannot run: the preview failed, or violates a mandatory policy."""
        return bool(self.errors) or any(violation.is_mandatory for violation in self.violations)


def plain_text(message: str) -> str:
    """Return a message of the engine without colors and surrounding space."""
    return _COLORS.sub("", message).strip()


def messages(diagnostics: Iterable[Diagnostic], severity: str) -> tuple[str, ...]:
    """Return the distinct messages of a severity."""
    texts = (entry.message for entry in diagnostics if entry.severity == severity)
    return tuple(dict.fromkeys(text for text in texts if text))


def warning_messages(diagnostics: Iterable[Diagnostic]) -> tuple[str, ...]:
    """Return the distinct warnings, except for those that `incomplete_components` returns."""
    return messages(
        (entry for entry in diagnostics if _incomplete_component(entry) is None), "warning"
    )


def incomplete_components(diagnostics: Iterable[Diagnostic]) -> tuple[ResourceRef, ...]:
    """Return the components whose objects are unknown, according to the warnings."""
    components = map(_incomplete_component, diagnostics)
    return tuple(dict.fromkeys(component for component in components if component))


def _incomplete_component(diagnostic: Diagnostic) -> ResourceRef | None:
    if diagnostic.severity != "warning" or not _INCOMPLETE.search(diagnostic.message):
        return None
    if match := _INCOMPLETE_COMPONENT.match(diagnostic.message):
        return ResourceRef(match[1], match[2])
    return ResourceRef.of(diagnostic.urn) if diagnostic.urn.value else _UNNAMED
