"""The policy of a program: which findings it denies, and which it waives."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from typing import Any

from kubiya_pulumi.review.checks.object_validity import INVALID_OBJECT
from kubiya_pulumi.review.errors import ManifestPolicyError
from kubiya_pulumi.review.findings import Finding, Severity
from kubiya_pulumi.review.kubernetes import schemas
from kubiya_pulumi.review.registry import ALLOW_LISTS, RULES
from kubiya_pulumi.text import join_quoted


@dataclass(frozen=True)
class Waiver:
    """Accepts the findings of a rule on an object, and records why.

    Raises:
        ManifestPolicyError: an argument is empty or not a string.
    """

    rule: str
    """The name of a rule, or a pattern of names (`baseline-*`, or `*` for all rules)."""
    object: str
    """The object: its name, or `Kind/namespace/name` as a finding prints it (`Kind/name` for a
    cluster-scoped object). Both forms may be patterns (`ClusterRole/tool-manager-*`)."""
    reason: str
    """Why the finding is acceptable: a sentence for the readers of the review."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, str) or not value.strip():
                raise ManifestPolicyError(
                    f"Waiver.{field.name} must be a non-empty string: a waiver names a rule and "
                    "an object, and gives a reason."
                )

    def covers(self, finding: Finding) -> bool:
        """Return whether the waiver accepts the finding."""
        reference = finding.object
        name = str(reference) if "/" in self.object else reference.name
        return fnmatchcase(finding.rule, self.rule) and fnmatchcase(name, self.object)

    def to_dict(self) -> dict[str, str]:
        """Return the waiver as plain data."""
        return {"rule": self.rule, "object": self.object, "reason": self.reason}

    @classmethod
    def from_dict(cls, data: Any) -> Waiver:
        """Return the waiver that `to_dict` wrote.

        Raises:
            ManifestPolicyError: the data is not a waiver.
        """
        names = [field.name for field in fields(cls)]
        if not isinstance(data, Mapping):
            raise ManifestPolicyError(f"a waiver must be a mapping with {join_quoted(names)}.")
        if unknown := [str(key) for key in data if key not in names]:
            raise ManifestPolicyError(
                f"a waiver has unknown entries {join_quoted(unknown)}; it may have "
                f"{join_quoted(names)}."
            )
        if missing := [name for name in names if name not in data]:
            raise ManifestPolicyError(f"a waiver lacks {join_quoted(missing)}.")
        return cls(**data)


@dataclass(frozen=True)
class ManifestPolicy:
    """What a program denies in a manifest. The default reports every finding and denies none.

    A finding outside `allowed_images`, `allowed_namespaces` or `allowed_kinds` is always denied;
    its rule does not have to be listed in `deny`.

    Raises:
        ManifestPolicyError: an argument has the wrong type, names an unknown rule, or denies
            `invalid-object` by name while the schemas of Kubernetes are not installed.
    """

    deny: Sequence[str] = ()
    """What to deny: names of rules, patterns of names (`read-secrets`, `baseline-*`, `*` for all
    rules), or severities (`error`, `warning`, `note`)."""
    waivers: Sequence[Waiver] = ()
    """Findings to accept, each with its reason. A waiver also covers findings of the allow-lists
    below."""
    allowed_images: Sequence[str] | None = None
    """Patterns of the allowed images, such as `ghcr.io/kubiyabot/*`. None allows any image.
    The image and the pattern are completed to their full names (`docker.io/library/nginx:*` for
    `nginx:*`), unless the pattern begins with `*`."""
    allowed_namespaces: Sequence[str] | None = None
    """Names or patterns of the namespaces that the manifest may create or use. None allows any
    namespace. An object of a custom kind without a namespace counts as in `default`, unless the
    manifest defines its kind as cluster-scoped."""
    allowed_kinds: Sequence[str] | None = None
    """Names or patterns of the allowed kinds of objects, with or without their version
    (`Deployment`, `apps/v1/Deployment`). None allows any kind."""

    def __post_init__(self) -> None:
        for name in ("deny", "allowed_images", "allowed_namespaces", "allowed_kinds"):
            value = getattr(self, name)
            if value is not None or name == "deny":
                object.__setattr__(self, name, _non_empty_strings(value, name))
        if not isinstance(self.waivers, list | tuple) or not all(
            isinstance(waiver, Waiver) for waiver in self.waivers
        ):
            raise ManifestPolicyError("ManifestPolicy.waivers must be a list of Waiver.")
        object.__setattr__(self, "waivers", tuple(self.waivers))
        _require_matches((waiver.rule for waiver in self.waivers), "Waiver.rule", RULES)
        _require_matches(self.deny, "ManifestPolicy.deny", [*RULES, *Severity])
        _require_schemas(self.deny)

    def denies(self, finding: Finding) -> bool:
        """Return whether the policy denies the finding, unless a waiver covers it."""
        names = (finding.rule, *finding.includes)
        return finding.rule in ALLOW_LISTS or self._is_denied(names, finding.severity)

    @property
    def denies_invalid_objects(self) -> bool:
        """Whether the policy denies findings of the rule `invalid-object`."""
        return self._is_denied((INVALID_OBJECT.name,), INVALID_OBJECT.severity)

    def _is_denied(self, names: Iterable[str], severity: Severity) -> bool:
        return severity in self.deny or any(
            fnmatchcase(name, pattern) for name in names for pattern in self.deny
        )


def _non_empty_strings(value: object, name: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(
        isinstance(entry, str) and entry for entry in value
    ):
        raise ManifestPolicyError(f"ManifestPolicy.{name} must be a list of non-empty strings.")
    return tuple(value)


def _require_matches(patterns: Iterable[str], argument: str, names: Iterable[str]) -> None:
    """Raise an error for a pattern that matches none of the names, and suggest a close one."""
    names = [str(name) for name in names]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            close = difflib.get_close_matches(pattern, names, n=1)
            hint = f'did you mean "{close[0]}"?' if close else "see docs/review.md for the rules."
            raise ManifestPolicyError(
                f"{argument} names an unknown rule {join_quoted([pattern])}; {hint}"
            )


def _require_schemas(deny: Iterable[str]) -> None:
    """Raise an error for a pattern that only matches a rule which cannot be checked."""
    for pattern in deny:
        matches = [name for name in RULES if fnmatchcase(name, pattern)]
        if matches == [INVALID_OBJECT.name] and not schemas.is_available():
            raise ManifestPolicyError(
                f"ManifestPolicy.deny names {join_quoted([pattern])}, which needs the schemas of "
                "Kubernetes: run pip install 'kubiya-pulumi[schemas]'."
            )
