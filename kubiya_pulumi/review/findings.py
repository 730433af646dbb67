"""What a review finds: rules, and the objects of a manifest that they were found on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kubiya_pulumi.review.kubernetes.coerce import mapping, text, texts
from kubiya_pulumi.text import sanitize


class Severity(StrEnum):
    """How serious a finding is, in the words of SARIF."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Category(StrEnum):
    """Whether the manifest asks for more than it should, or lacks what it needs."""

    EXCESSIVE = "too-much"
    MISSING = "too-little"


@dataclass(frozen=True)
class ObjectReference:
    """Which object. As text: `Kind/namespace/name`, or `Kind/name` for one of the whole cluster."""

    api_version: str
    kind: str
    namespace: str
    """Empty for an object of the whole cluster; `default` where the manifest gives none."""
    name: str

    def __str__(self) -> str:
        return sanitize("/".join(part for part in (self.kind, self.namespace, self.name) if part))

    def to_dict(self) -> dict[str, Any]:
        """Plain data, with the keys of Kubernetes."""
        return {
            "apiVersion": self.api_version,
            "kind": self.kind,
            "namespace": self.namespace,
            "name": self.name,
        }

    @classmethod
    def from_dict(cls, data: object) -> ObjectReference:
        """Read what `to_dict` wrote; whatever is missing is empty."""
        entry = mapping(data)
        return cls(*(text(entry.get(key)) for key in ("apiVersion", "kind", "namespace", "name")))


@dataclass(frozen=True)
class Rule:
    """Something to find in a manifest."""

    name: str
    """In kebab case, such as `read-secrets`."""
    severity: Severity
    direction: Category
    description: str
    """What the rule finds, and why it matters: one or two sentences."""
    url: str
    """The Kubernetes document that the rule comes from."""

    def found(
        self, where: ObjectReference, message: str, includes: Iterable[Finding] = ()
    ) -> Finding:
        """A finding of this rule, which stands for the ones that it includes."""
        names = sorted({name for each in includes for name in (each.rule, *each.includes)})
        return Finding(
            self.name, self.severity, self.direction, where, message, includes=tuple(names)
        )


@dataclass(frozen=True)
class Finding:
    """One thing that a rule found on one object."""

    rule: str
    severity: Severity
    direction: Category
    object: ObjectReference
    message: str
    """A sentence. It quotes names, and never a value that may be a secret."""
    denied: bool = False
    includes: tuple[str, ...] = ()
    """Other rules that this finding stands for: who denies one of them denies it."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "rule": self.rule,
            "severity": self.severity.value,
            "direction": self.direction.value,
            "object": self.object.to_dict(),
            "message": self.message,
            "denied": self.denied,
            "includes": list(self.includes),
        }

    @classmethod
    def from_dict(cls, data: Any) -> Finding:
        """Read what `to_dict` wrote.

        An unknown severity is an error, and an unknown direction is too much: what a newer
        version of this package wrote is rather taken too seriously.
        """
        entry: Mapping[str, Any] = mapping(data)
        severity, direction = entry.get("severity"), entry.get("direction")
        return cls(
            rule=text(entry.get("rule")),
            severity=Severity(severity) if severity in list(Severity) else Severity.ERROR,
            direction=Category(direction) if direction in list(Category) else Category.EXCESSIVE,
            object=ObjectReference.from_dict(entry.get("object")),
            message=text(entry.get("message")),
            denied=entry.get("denied") is True,
            includes=texts(entry.get("includes")),
        )
