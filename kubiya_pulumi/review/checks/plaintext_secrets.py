"""Plaintext credentials in ConfigMaps and environment variables.

Credentials are recognized by the name of the entry or by the form of the value. Findings never
quote the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kubiya_pulumi.review.findings import Category, Finding, Rule, Severity
from kubiya_pulumi.review.kubernetes.coerce import as_mapping, as_mappings, as_str
from kubiya_pulumi.review.kubernetes.inventory import Inventory
from kubiya_pulumi.review.kubernetes.workloads import Container, offending_containers
from kubiya_pulumi.text import join_quoted

_URL = "https://kubernetes.io/docs/concepts/security/secrets-good-practices/"

CONFIG_MAP = Rule(
    id="KR-044",
    name="secret-in-config-map",
    severity=Severity.WARNING,
    category=Category.EXCESSIVE,
    description="A ConfigMap has an entry that appears to be a credential. Credentials belong in a "
    "Secret.",
    remediation="Move the entry to a Secret, and mount that Secret.",
    url=_URL,
)
ENVIRONMENT = Rule(
    id="KR-045",
    name="secret-in-environment",
    severity=Severity.WARNING,
    category=Category.EXCESSIVE,
    description="A container sets an environment variable to a plain value that appears to be a "
    "credential.",
    remediation="Store the value in a Secret, and refer to it with `valueFrom.secretKeyRef`.",
    url=_URL,
)
RULES = (CONFIG_MAP, ENVIRONMENT)

# The endings of names whose values are secrets: `DB_PASSWORD`, `apiKey`, `nats.creds`.
_SECRET_NAME = re.compile(
    r"(password|passwd|passphrase|pwd|secret|token|credentials?"
    r"|(access|account|api|auth|encryption|master|private|secret|signing)[-_. ]?key"
    r"|(?<=[-_. ])(?<!public.)key|(?<![a-z])(creds|seed))$",
    re.IGNORECASE,
)

# A private key, a URL with a password, and a JSON web token. The lengths are bounded to keep the
# search fast on any text.
_SECRET_FORM = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY"
    r"|[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s:/@]{0,100}:[^\s:/@$<{]{1,200}@"
    r"|\beyJ[\w-]{10,200}\.eyJ"
)

# An entry of a configuration file: `name: value`, `name = value` or `{"name": "value", …}`.
_FILE_ENTRY = re.compile(
    r"(?:^|[{,])[ \t\"']*([\w.-]{1,100})[\"']?[ \t]*[:=][ \t]*(\"[^\"\n]*\"|[^\s\"][^\n,}]*)",
    re.MULTILINE,
)

# Values that are not secrets: empty values, switches, small numbers, paths and placeholders.
_HARMLESS = re.compile(
    r"[\"']?(|true|false|null|none|yes|no|\d{1,5}|/[\w./-]*|\$[({].*|\{\{.*|<.*|[|>\[{].?)"
    r"[\"',; ]*",
    re.IGNORECASE,
)


def findings(inventory: Inventory) -> Iterator[Finding]:
    """Yield a finding for each ConfigMap and workload that appears to contain credentials."""
    for item in inventory.of_kind("ConfigMap"):
        entries = as_mapping(item.body.get("data")).items()
        keys = [as_str(key) for key, value in entries if _is_secret(as_str(key), as_str(value))]
        if keys:
            yield CONFIG_MAP.finding(
                item.reference,
                f"The data contains what appears to be a credential in {join_quoted(keys)}; move "
                "it to a Secret.",
            )
    for workload in inventory.workloads:
        containers = offending_containers(workload, _secret_variables)
        if containers:
            yield ENVIRONMENT.finding(
                workload.reference,
                containers.sentence(
                    "set",
                    f"env {join_quoted(containers.values)} to what appears to be a credential; use "
                    "valueFrom.secretKeyRef",
                ),
            )


def _secret_variables(container: Container) -> list[str]:
    variables = (
        (as_str(variable.get("name")), as_str(variable.get("value")))
        for variable in as_mappings(container.get("env"))
    )
    return [name for name, value in variables if _is_secret(name, value)]


def _is_secret(name: str, value: str) -> bool:
    """Return whether a value appears to be a credential, or a file that contains one."""
    return (
        _is_named_like_secret(name, value)
        or _SECRET_FORM.search(value) is not None
        or any(_is_named_like_secret(*entry.groups()) for entry in _FILE_ENTRY.finditer(value))
    )


def _is_named_like_secret(name: str, value: str) -> bool:
    is_harmless = _HARMLESS.fullmatch(value.strip()) is not None
    return _SECRET_NAME.search(name) is not None and not is_harmless
