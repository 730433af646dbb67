"""Plaintext credentials in ConfigMaps, environment variables, command lines and annotations.

Credentials are recognized by the name of the entry or by the form of the value. Findings never
quote the value.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from kubiya_pulumi.review.checks.credential_formats import has_credential_format
from kubiya_pulumi.review.checks.credential_names import is_named_credential
from kubiya_pulumi.review.findings import Category, Finding, Rule, Severity
from kubiya_pulumi.review.kubernetes.coerce import (
    as_mapping,
    as_mappings,
    as_str,
    as_strs,
    get_path,
)
from kubiya_pulumi.review.kubernetes.inventory import Inventory
from kubiya_pulumi.review.kubernetes.workloads import Container, Workload, offending_containers
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
COMMAND = Rule(
    id="KR-078",
    name="secret-in-command",
    severity=Severity.WARNING,
    category=Category.EXCESSIVE,
    description="A command line, a script or an HTTP header of a container contains what appears "
    "to be a credential. Everyone who can read the pod or list its processes can read it.",
    remediation="Store the value in a Secret, and refer to it with `$(NAME)` of an environment "
    "variable.",
    url=_URL,
)
ANNOTATION = Rule(
    id="KR-079",
    name="secret-in-annotation",
    severity=Severity.WARNING,
    category=Category.EXCESSIVE,
    description="An annotation contains what appears to be a credential.",
    remediation="Move the value to a Secret.",
    url=_URL,
)
RULES = (CONFIG_MAP, ENVIRONMENT, COMMAND, ANNOTATION)

# An entry of a configuration file: `name: value`, `name = value`, `{"name": "value", …}`, or of a
# connection string: `name=value;…`.
_FILE_ENTRY = re.compile(
    r"(?:^|[{,;])(?:[ \t]*(?:export|set|ENV)[ \t])?[ \t\"'-]*([\w.][\w.-]{0,99})[\"']?"
    r"[ \t]*[:=]>?[ \t]*(\"[^\"\n]*\"|'[^'\n]*'|[^\s\"';&][^\n,};&]*)",
    re.MULTILINE,
)
_QUERY_ENTRY = re.compile(r"[?&]([\w.-]{1,100})=([^\s&\"'<>]{1,1000})")
_XML_ENTRY = re.compile(r"<([\w.-]{1,100})>([^<>\s]{1,1000})</")

# An option or a variable of a command line: `--name=value`, `--name value`, `NAME=value`.
_ASSIGNMENT = re.compile(
    r"(?:^|[\s;&|'\"(])-{0,2}([A-Za-z_][\w.-]{0,99})=(\"[^\"\n]*\"|'[^'\n]*'|[^\s;&|'\")]+)"
)
_OPTION = re.compile(
    r"(?:^|\s)--?([A-Za-z][\w.-]{0,99})[ \t]+(\"[^\"\n]*\"|'[^'\n]*'|[^\s;&|'\"-][^\s;&|'\"]*)"
)
_OPTION_NAME = re.compile(r"--?([A-Za-z][\w.-]{0,99})")
_LOGIN = re.compile(r"(?:^|\s)(?:-u|--user)[ =]?[^\s:$]{1,100}:(?!\d+(?:\s|$))[^\s:$<{]{1,200}")

# Files that contain private keys in a binary form.
_KEY_FILE = re.compile(r"\.(jks|keystore|kdbx|p12|pfx)$", re.IGNORECASE)

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HOOKS = ("postStart", "preStop")


def findings(inventory: Inventory) -> Iterator[Finding]:
    """Yield a finding for each object and pod that appears to contain credentials."""
    for item in inventory.of_kind("ConfigMap"):
        if keys := [*_data_keys(item.body), *_binary_data_keys(item.body)]:
            yield CONFIG_MAP.finding(
                item.reference,
                f"The data contains what appears to be a credential in {join_quoted(keys)}; move "
                "it to a Secret.",
            )
    for item in inventory.items:
        annotations = as_mapping(get_path(item.body, "metadata", "annotations"))
        if keys := _annotation_keys(annotations):
            yield ANNOTATION.finding(item.reference, _annotation_message(keys))
    for workload in inventory.workloads:
        yield from _workload_findings(workload)


def _workload_findings(workload: Workload) -> Iterator[Finding]:
    variables = offending_containers(workload, _secret_variables)
    if variables:
        message = variables.sentence(
            "set",
            f"env {join_quoted(variables.values)} to what appears to be a credential; use "
            "valueFrom.secretKeyRef",
        )
        yield ENVIRONMENT.finding(workload.reference, workload.locate(message))
    commands = offending_containers(workload, _secret_arguments)
    if commands:
        message = commands.sentence(
            "contain",
            f"what appears to be a credential in {join_quoted(commands.values)}; use an "
            "environment variable from a Secret",
        )
        yield COMMAND.finding(workload.reference, workload.locate(message))
    # The annotations of a Pod are those of the object.
    if workload.reference.kind != "Pod" and (keys := _annotation_keys(workload.annotations)):
        yield ANNOTATION.finding(
            workload.reference, workload.locate(f"In the pod: {_annotation_message(keys)}")
        )


def _annotation_message(keys: Sequence[str]) -> str:
    return (
        f"The annotation {join_quoted(keys)} contains what appears to be a credential; move it to "
        "a Secret."
    )


def _data_keys(body: Mapping[str, Any]) -> list[str]:
    data = as_mapping(body.get("data"))
    return [as_str(key) for key, value in data.items() if _is_secret(as_str(key), as_str(value))]


def _binary_data_keys(body: Mapping[str, Any]) -> list[str]:
    keys = []
    for key, encoded in as_mapping(body.get("binaryData")).items():
        try:
            content = base64.b64decode(as_str(encoded)).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            continue
        is_key_file = bool(content) and _KEY_FILE.search(as_str(key)) is not None
        if is_key_file or _is_secret(as_str(key), content):
            keys.append(as_str(key))
    return keys


def _annotation_keys(annotations: Mapping[str, Any]) -> list[str]:
    # An annotation that ends with "secret" names a Secret.
    return [
        as_str(key)
        for key, value in annotations.items()
        if has_credential_format(as_str(value))
        or (not as_str(key).endswith("secret") and _is_secret(as_str(key), as_str(value)))
    ]


def _secret_variables(container: Container) -> list[str]:
    variables = (
        (as_str(variable.get("name")), as_str(variable.get("value")))
        for variable in as_mappings(container.get("env"))
    )
    return [name for name, value in variables if _is_secret(name, value)]


def _secret_arguments(container: Container) -> Iterator[str]:
    """Yield where the command lines of a container contain credentials, without their values."""
    for field, arguments in _command_lines(container):
        for argument, following in zip_longest(arguments, arguments[1:], fillvalue=""):
            entries = (*_ASSIGNMENT.finditer(argument), *_OPTION.finditer(argument))
            names = [entry[1] for entry in entries if is_named_credential(entry[1], entry[2])]
            option = _OPTION_NAME.fullmatch(argument)
            if option and not following.startswith("-"):
                names += [option[1]] if is_named_credential(option[1], following) else []
            login = " ".join([argument, following]) if option else argument
            if names:
                yield f"{field}: {names[0]}"
            elif has_credential_format(argument) or _LOGIN.search(login):
                yield field


def _command_lines(container: Container) -> Iterator[tuple[str, Sequence[str]]]:
    for field in ("command", "args"):
        yield field, as_strs(container.get(field))
    # The scripts of Tekton and of Argo Workflows.
    for field in ("script", "source"):
        yield field, [as_str(container.get(field))]
    handlers = {probe: container.get(probe) for probe in _PROBES}
    handlers |= {hook: get_path(container, "lifecycle", hook) for hook in _HOOKS}
    for name, handler in handlers.items():
        yield f"{name}.exec", as_strs(get_path(handler, "exec", "command"))
        for header in as_mappings(get_path(handler, "httpGet", "httpHeaders")):
            text = f"{as_str(header.get('name'))}={as_str(header.get('value'))}"
            yield f"{name}.httpGet.httpHeaders", [text]


def _is_secret(name: str, value: str) -> bool:
    """Return whether a value appears to be a credential, or a file that contains one."""
    return (
        is_named_credential(name, value)
        or has_credential_format(value)
        or any(
            is_named_credential(entry[1], entry[2])
            for pattern in (_FILE_ENTRY, _QUERY_ENTRY, _XML_ENTRY)
            for entry in pattern.finditer(value)
        )
    )
