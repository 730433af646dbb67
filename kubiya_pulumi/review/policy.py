"""What a program says about the findings of a review: what to deny, and what to let pass."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from typing import Any

from kubiya_pulumi.review.errors import ManifestPolicyError
from kubiya_pulumi.review.findings import Finding, Severity
from kubiya_pulumi.review.registry import ALLOW_LISTS, RULES
from kubiya_pulumi.text import join_quoted


@dataclass(frozen=True)
class Waiver:
    """Lets pass what a rule finds on an object, and says why.

    Args:
        rule: the name of the rule, or a pattern of names (`baseline-*`, or `*` for all).
        object: the object's name, or as a finding has it (`Kind/namespace/name`, `Kind/name` for
            one of the whole cluster); a pattern in both forms (`ClusterRole/tool-manager-*`).
        reason: why this is all right: a sentence for those who read the review.

    Raises:
        ManifestPolicyError: one of them is empty or no text.
    """

    rule: str
    object: str
    reason: str

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if not isinstance(value, str) or not value.strip():
                raise ManifestPolicyError(
                    f"a waiver's {each.name} has to be a text that is not empty: "
                    "a waiver names the rule and the object, and gives a reason"
                )

    def covers(self, finding: Finding) -> bool:
        """Whether it is about this finding."""
        where = finding.object
        name = str(where) if "/" in self.object else where.name
        return fnmatchcase(finding.rule, self.rule) and fnmatchcase(name, self.object)

    def to_dict(self) -> dict[str, str]:
        """Plain data."""
        return {"rule": self.rule, "object": self.object, "reason": self.reason}

    @classmethod
    def from_dict(cls, data: Any) -> Waiver:
        """Read what `to_dict` wrote; raises `ManifestPolicyError` where it is something else."""
        return cls(**_entries(data, "a waiver", [each.name for each in fields(cls)], required=True))


@dataclass(frozen=True)
class ManifestPolicy:
    """What to do about what a review finds. As it comes, everything is reported, nothing denied.

    Args:
        deny: what stops the manifest: names of rules or patterns of them (`read-secrets`,
            `baseline-*`, `*` for all), or severities (`error`, `warning`, `note`).
        allow: waivers: findings that stop nothing, each with its reason. A waiver is good for
            everything that is denied, also by the lists below.
        images: patterns of the only images that are allowed, such as `ghcr.io/kubiyabot/*`. None:
            any image. A pattern is matched with the image as it is written and with its full
            name, in which `nginx:1` is `docker.io/library/nginx:1`.
        namespaces: names or patterns of the only namespaces that may be created or used. None:
            any namespace.
        kinds: names or patterns of the only kinds of objects that are allowed, such as
            `Deployment` or, with its version, `apps/v1/Deployment`. None: any kind.

    What is outside of `images`, `namespaces` or `kinds` is denied; it need not stand in `deny`.

    Raises:
        ManifestPolicyError: an argument is of another type, or there is no such rule.
    """

    deny: Sequence[str] = ()
    allow: Sequence[Waiver] = ()
    images: Sequence[str] | None = None
    namespaces: Sequence[str] | None = None
    kinds: Sequence[str] | None = None

    def __post_init__(self) -> None:
        for name in ("deny", "images", "namespaces", "kinds"):
            value = getattr(self, name)
            if value is not None or name == "deny":
                object.__setattr__(self, name, _texts(value, name))
        if not isinstance(self.allow, list | tuple) or not all(
            isinstance(each, Waiver) for each in self.allow
        ):
            raise ManifestPolicyError("the rules' allow has to be a list of Waiver")
        object.__setattr__(self, "allow", tuple(self.allow))
        _known((waiver.rule for waiver in self.allow), "a waiver's rule", RULES)
        _known(self.deny, "the rules' deny", [*RULES, *Severity])

    def denies(self, finding: Finding) -> bool:
        """Whether the finding stops the manifest, as long as no waiver covers it."""
        names = (finding.rule, *finding.includes)
        return (
            finding.rule in ALLOW_LISTS
            or finding.severity in self.deny
            or any(fnmatchcase(name, pattern) for name in names for pattern in self.deny)
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data; a list that was not given is left out."""
        lists = {
            name: list(value)
            for name in ("images", "namespaces", "kinds")
            if (value := getattr(self, name)) is not None
        }
        waivers = [waiver.to_dict() for waiver in self.allow]
        return {"deny": list(self.deny), "allow": waivers, **lists}

    @classmethod
    def from_dict(cls, data: object) -> ManifestPolicy:
        """Read what `to_dict` wrote.

        Raises:
            ManifestPolicyError: it is something else; the message says what.
        """
        entries = _entries(data, "the rules", [each.name for each in fields(cls)])
        given = {name: value for name, value in entries.items() if value is not None}
        if "allow" in given:
            if not isinstance(given["allow"], list | tuple):
                raise ManifestPolicyError("the rules' allow has to be a list of waivers")
            given["allow"] = [Waiver.from_dict(each) for each in given["allow"]]
        return cls(**given)


def _texts(value: object, name: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(
        isinstance(each, str) and each for each in value
    ):
        raise ManifestPolicyError(f"the rules' {name} has to be a list of texts that are not empty")
    return tuple(value)


def _entries(
    data: object, what: str, names: Iterable[str], *, required: bool = False
) -> dict[str, Any]:
    """The entries of a mapping, none of them unknown; if they are required, none is missing."""
    names = list(names)
    if not isinstance(data, Mapping):
        raise ManifestPolicyError(f"{what} must be an object with {join_quoted(names)}")
    if unknown := [str(key) for key in data if key not in names]:
        raise ManifestPolicyError(
            f"{what} can have {join_quoted(names)}, and no {join_quoted(unknown)}"
        )
    if required and (missing := [name for name in names if name not in data]):
        raise ManifestPolicyError(f"{what} lacks {join_quoted(missing)}")
    return dict(data)


def _known(patterns: Iterable[str], where: str, names: Iterable[str]) -> None:
    """Refuse a pattern that matches none of the names, and say which one may be meant."""
    names = [str(name) for name in names]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            close = difflib.get_close_matches(pattern, names, n=1)
            hint = f'did you mean "{close[0]}"?' if close else "docs/review.md lists them."
            raise ManifestPolicyError(f"{where}: there is no rule {join_quoted([pattern])}; {hint}")
