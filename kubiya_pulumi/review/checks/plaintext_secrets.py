"""Secrets where anybody who may see the workloads can read them: ConfigMaps and environments.

They are known by the names that they have, or by their own form. What was found is never quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kubiya_pulumi.review.findings import Category, Finding, Rule, Severity
from kubiya_pulumi.review.kubernetes.coerce import mapping, mappings, text
from kubiya_pulumi.review.kubernetes.inventory import Inventory
from kubiya_pulumi.text import join_quoted

_URL = "https://kubernetes.io/docs/concepts/security/secrets-good-practices/"

CONFIG_MAP = Rule(
    "secret-in-config-map",
    Severity.WARNING,
    Category.EXCESSIVE,
    "A ConfigMap has an entry that looks like a credential, which belongs into a Secret.",
    _URL,
)
ENVIRONMENT = Rule(
    "secret-in-environment",
    Severity.WARNING,
    Category.EXCESSIVE,
    "A container has an environment variable whose value looks like a credential, and stands in "
    "the workload itself.",
    _URL,
)
RULES = (CONFIG_MAP, ENVIRONMENT)

# How names end whose values are secrets: `DB_PASSWORD`, `apiKey`, `nats.creds`.
_NAME = re.compile(
    r"(password|passwd|passphrase|pwd|secret|token|credentials?"
    r"|(access|account|api|auth|encryption|master|private|secret|signing)[-_. ]?key"
    r"|(?<=[-_. ])(?<!public.)key|(?<![a-z])(creds|seed))$",
    re.IGNORECASE,
)

# A private key, a URL with a password in it, and a JSON web token. The lengths are bounded, so
# that no text makes the search slow.
_FORM = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY"
    r"|[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s:/@]{0,100}:[^\s:/@$<{]{1,200}@"
    r"|\beyJ[\w-]{10,200}\.eyJ"
)

# An entry of a configuration file: `name: value`, `name = value` or `{"name": "value", …}`.
_ENTRY = re.compile(
    r"(?:^|[{,])[ \t\"']*([\w.-]{1,100})[\"']?[ \t]*[:=][ \t]*(\"[^\"\n]*\"|[^\s\"][^\n,}]*)",
    re.MULTILINE,
)

# Values that are no secret: none at all, switches, small numbers, paths, and whatever stands for
# another value.
_HARMLESS = re.compile(
    r"[\"']?(|true|false|null|none|yes|no|\d{1,5}|/[\w./-]*|\$[({].*|\{\{.*|<.*|[|>\[{].?)"
    r"[\"',; ]*",
    re.IGNORECASE,
)


def findings(inventory: Inventory) -> Iterator[Finding]:
    """Entries of ConfigMaps, and environment variables, that look like credentials."""
    for item in inventory.of_kind("ConfigMap"):
        entries = mapping(item.body.get("data")).items()
        names = [text(key) for key, value in entries if _is_secret(text(key), text(value))]
        if names:
            yield CONFIG_MAP.found(
                item.reference, f"Holds what looks like a credential: {join_quoted(names)}."
            )
    for workload in inventory.workloads:
        variables = [
            text(variable.get("name"))
            for container in workload.containers
            for variable in mappings(container.get("env"))
            if _is_secret(text(variable.get("name")), text(variable.get("value")))
        ]
        if variables:
            yield ENVIRONMENT.found(
                workload.reference,
                f"Has what looks like a credential in {join_quoted(dict.fromkeys(variables))}.",
            )


def _is_secret(name: str, value: str) -> bool:
    """Whether the value looks like a credential, or like a file with one in it."""
    return (
        _is_named(name, value)
        or _FORM.search(value) is not None
        or any(_is_named(*entry.groups()) for entry in _ENTRY.finditer(value))
    )


def _is_named(name: str, value: str) -> bool:
    return _NAME.search(name) is not None and _HARMLESS.fullmatch(value.strip()) is None
