"""Rules and findings: what a review checks, and what it finds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kubiya_pulumi.review.kubernetes.coerce import as_mapping, as_str, as_strs
from kubiya_pulumi.review.kubernetes.references import ObjectReference


class Severity(StrEnum):
    """How serious a finding is, with the names of SARIF."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """The position when findings are sorted: 0 for errors, which come first."""
        return (Severity.ERROR, Severity.WARNING, Severity.NOTE).index(self)


class Category(StrEnum):
    """Whether a manifest requests more than it should, lacks something, or is invalid."""

    EXCESSIVE = "excessive"
    MISSING = "missing"
    INVALID = "invalid"
    """The API server refuses the object, so it requests nothing."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule of the review."""

    id: str
    """The stable identifier, such as `KR-001`. It is never reused for another rule."""
    name: str
    """The name in kebab case, such as `read-secrets`. A policy denies rules by name."""
    severity: Severity
    category: Category
    description: str
    """What the rule finds and why it matters: one or two sentences."""
    remediation: str
    """How to fix a finding: one or two imperative sentences."""
    url: str
    """The Kubernetes document that the rule is based on."""
    references: tuple[str, ...] = ()
    """The same requirement in other standards: a control of the Pod Security Standards
    (`Baseline: Host Ports`) or of the CIS Kubernetes Benchmark (`CIS 5.2.13`)."""

    def finding(
        self, reference: ObjectReference, message: str, includes: Iterable[Finding] = ()
    ) -> Finding:
        """Return a finding of this rule.

        Args:
            reference: the object that breaks the rule.
            message: the message of the finding.
            includes: findings of other rules that this finding replaces.
        """
        names = {name for finding in includes for name in (finding.rule, *finding.includes)}
        return Finding(
            rule=self.name,
            severity=self.severity,
            category=self.category,
            object=reference,
            message=message,
            includes=tuple(sorted(names)),
        )


def kubernetes_rule(
    rule_id: str,
    name: str,
    severity: Severity,
    page: str,
    description: str,
    remediation: str,
    *references: str,
    category: Category = Category.EXCESSIVE,
) -> Rule:
    """Return a rule that is based on a page of the Kubernetes documentation.

    Args:
        rule_id: the identifier, such as `KR-001`.
        name: the name in kebab case.
        severity: how serious its findings are.
        page: the page below `/docs/`, with the anchor.
        description: what the rule finds and why it matters.
        remediation: how to fix a finding.
        references: controls of other standards.
        category: whether the objects request too much, which is the default.
    """
    return Rule(
        id=rule_id,
        name=name,
        severity=severity,
        category=category,
        description=description,
        remediation=remediation,
        url=f"https://kubernetes.io/docs/{page}",
        references=references,
    )


@dataclass(frozen=True)
class Finding:
    """A violation of one rule by one object."""

    rule: str
    """The name of the rule."""
    severity: Severity
    category: Category
    object: ObjectReference
    message: str
    """What the object sets and how to fix it, in one or more sentences. The message quotes names,
    and never a value that may be a secret."""
    denied: bool = False
    """Whether the policy denies the finding."""
    includes: tuple[str, ...] = ()
    """The names of rules whose findings this one replaces. Denying one of them denies it too."""

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as plain data."""
        return {
            "rule": self.rule,
            "severity": self.severity.value,
            "category": self.category.value,
            "object": self.object.to_dict(),
            "message": self.message,
            "denied": self.denied,
            "includes": list(self.includes),
        }

    @classmethod
    def from_dict(cls, data: Any) -> Finding:
        """Return the finding that `to_dict` wrote.

        An unknown severity, from a newer version of this package, becomes an error, and an
        unknown category becomes excessive: the finding must not be underrated.
        """
        entry = as_mapping(data)
        return cls(
            rule=as_str(entry.get("rule")),
            severity=next((s for s in Severity if s == entry.get("severity")), Severity.ERROR),
            category=next((c for c in Category if c == entry.get("category")), Category.EXCESSIVE),
            object=ObjectReference.from_dict(entry.get("object")),
            message=as_str(entry.get("message")),
            denied=entry.get("denied") is True,
            includes=as_strs(entry.get("includes")),
        )
