"""Objects that the API server refuses: unknown, missing or mistyped fields, and invalid names.

Pulumi's Kubernetes provider applies objects by server-side apply, which refuses unknown fields and
wrong types: https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING

from kubiya_pulumi.review.checks.object_names import name_problems
from kubiya_pulumi.review.checks.workload_selectors import selector_problems
from kubiya_pulumi.review.findings import Category, Finding, Rule, Severity
from kubiya_pulumi.review.kubernetes import schemas
from kubiya_pulumi.review.kubernetes.custom_kinds import CustomKind, json_schema
from kubiya_pulumi.review.kubernetes.inventory import Inventory, Item
from kubiya_pulumi.review.kubernetes.limits import MAX_SCHEMA_STEPS, Budget
from kubiya_pulumi.review.kubernetes.references import ObjectReference
from kubiya_pulumi.text import join_names, join_quoted

if TYPE_CHECKING:
    from jsonschema import ValidationError

    from kubiya_pulumi.review.kubernetes.schemas import Schema
    from kubiya_pulumi.review.kubernetes.validation import SchemaValidator

    _Problem = str | ValidationError

INVALID_OBJECT = Rule(
    id="KR-080",
    name="invalid-object",
    severity=Severity.ERROR,
    category=Category.INVALID,
    description=f"The API server of Kubernetes {schemas.KUBERNETES_VERSION} refuses the object: a "
    "field is unknown, is missing or has the wrong type, or a name is invalid.",
    remediation="Correct the field that the message names.",
    url="https://kubernetes.io/docs/reference/using-api/server-side-apply/",
)
RULES = (INVALID_OBJECT,)

MAX_PROBLEMS = 10
"""Findings for each object. One more finding counts the rest."""

MISSING_PACKAGE = (
    "Objects were not checked against the schemas of Kubernetes: run "
    "pip install 'kubiya-pulumi[schemas]'."
)


def findings(inventory: Inventory) -> Iterator[Finding]:
    """Yield a finding for each problem of each object.

    Without the package of the schemas, only names, labels and selectors are checked.

    Raises:
        ManifestError: the check takes more than `MAX_SCHEMA_STEPS` steps.
    """
    schema_check = _SchemaCheck(inventory) if schemas.is_available() else None
    for item in inventory.items:
        problems: Iterator[_Problem] = chain(
            name_problems(item),
            selector_problems(item),
            schema_check.problems(item) if schema_check else (),
        )
        for problem in islice(problems, MAX_PROBLEMS):
            yield INVALID_OBJECT.finding(item.reference, _message(problem, item))
        if more := sum(1 for _ in problems):
            count = f"{more:,} more problem{'s' if more > 1 else ''}"
            yield INVALID_OBJECT.finding(
                item.reference, f"The object has {count}; correct those above first."
            )


def unchecked(inventory: Inventory) -> Iterator[str]:
    """Yield a sentence for each reason for which objects were not checked."""
    if not schemas.is_available():
        yield MISSING_PACKAGE
        return
    names: dict[str, None] = {}
    for item in inventory.items:
        group, _, kind = _kind_of(item.reference)
        if (group, kind) not in inventory.custom_kinds and not schemas.is_kubernetes_group(group):
            names[str(item.reference)] = None
    if names:
        yield (
            "Objects of custom kinds were not checked, because their CustomResourceDefinition is "
            f"not in the manifest: {join_names(names)}."
        )


class _SchemaCheck:
    """The schemas of the kinds of one manifest, and the validator of its objects."""

    def __init__(self, inventory: Inventory) -> None:
        # Loaded here, because importing the review must not load `jsonschema`.
        from kubiya_pulumi.review.kubernetes.validation import SchemaValidator

        self._validator: SchemaValidator = SchemaValidator(
            Budget(
                MAX_SCHEMA_STEPS,
                f"takes more than {MAX_SCHEMA_STEPS:,} steps to check against its schemas",
            )
        )
        self._custom_kinds = inventory.custom_kinds
        self._json_schemas: dict[tuple[str, str, str], Schema] = {}

    def problems(self, item: Item) -> Iterator[_Problem]:
        """Yield each violation of the schema of an object's kind."""
        group, version, kind = _kind_of(item.reference)
        custom = self._custom_kinds.get((group, kind))
        try:
            if custom:
                schema = self._json_schema(custom, group, version, kind)
                served: Sequence[str] = list(custom.schemas)
            elif schemas.is_kubernetes_group(group):
                schema = schemas.schema_of(group, version, kind)
                served = schemas.versions_of(group, kind)
            else:
                return
            if schema is None:
                yield _not_served(item.reference, group, served)
                return
            for error in self._validator.errors(item.body, schema):
                # The API server replaces the status of a new object, so it requires none of it.
                if error.validator != "required" or error.absolute_path[0] != "status":
                    yield error
        except RecursionError:
            yield "The object or its schema is nested too deeply to be checked; flatten it."

    def _json_schema(
        self, custom: CustomKind, group: str, version: str, kind: str
    ) -> Schema | None:
        key = (group, version, kind)
        if version in custom.schemas and key not in self._json_schemas:
            self._json_schemas[key] = json_schema(custom.schemas[version])
        return self._json_schemas.get(key)


def _message(problem: _Problem, item: Item) -> str:
    if isinstance(problem, str):
        return problem
    # Loads `jsonschema`, which is optional.
    from kubiya_pulumi.review.checks.violation_messages import describe

    return describe(problem, item)


def _kind_of(reference: ObjectReference) -> tuple[str, str, str]:
    """Return the API group, the version and the kind of an object."""
    group, _, version = reference.api_version.rpartition("/")
    # The Kubernetes provider accepts `core/v1` for `v1`.
    return "" if group == "core" else group, version, reference.kind


def _not_served(reference: ObjectReference, group: str, served: Sequence[str]) -> str:
    kind = join_quoted([reference.kind])
    if not served:
        return f"The API version {join_quoted([reference.api_version])} has no kind {kind}."
    versions = [f"{group}/{version}" if group else version for version in served]
    return (
        f"The API version {join_quoted([reference.api_version])} of kind {kind} is not served; "
        f"use {join_quoted(versions)}."
    )
