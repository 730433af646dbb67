"""The output of the real engine is read the same in each of its forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from kubiya_pulumi.preview_report import PreviewReport, build_report, parse_preview
from tests.harness.engine import Stack
from tests.preview_report.test_changes import names

pytestmark = pytest.mark.engine

DECLARATIONS = """
import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider

class Provider(ResourceProvider):
    def create(self, props):
        return CreateResult("id", {**props, "token": "t"})

    def diff(self, id, olds, news):
        replaces = ["size"] if news["size"] == "other" else []
        return DiffResult(changes=olds["size"] != news["size"], replaces=replaces)

class Thing(Resource, module="test", name="Thing"):
    token: pulumi.Output[str]

    def __init__(self, name, size, **options):
        properties = {"size": size, "token": None}
        super().__init__(Provider(), name, properties, pulumi.ResourceOptions(**options))
"""
BEFORE = f"""{DECLARATIONS}
retained = Thing("retained", "small", retain_on_delete=True)
Thing("gone", "small")
Thing("replaced", retained.token)
changed = Thing("changed", pulumi.Output.secret("small"))
"""
AFTER = f"""{DECLARATIONS}
Thing("replaced", "other")
Thing("changed", pulumi.Output.secret("large"))
Thing("new", "small")
"""


@dataclass(frozen=True)
class Form:
    """One of the forms of the output."""

    flags: tuple[str, ...] = ("--json",)
    env: Mapping[str, str] = field(default_factory=dict)


FORMS = {
    "document": Form(),
    "with unchanged resources": Form(("--json", "--show-sames")),
    "with the parts of replacements": Form(("--json", "--show-replacement-steps")),
    "events": Form(env={"PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true"}),
    "summary": Form(("--output", "json")),
}


def report_on(stack: Stack, form: Form, *flags: str) -> PreviewReport:
    stack.env = form.env
    output = stack.run("preview", *form.flags, *flags, check=False).stdout
    return build_report(parse_preview(output))


def test_each_form_results_in_the_same_report() -> None:
    with Stack(BEFORE) as stack:
        for form in FORMS.values():
            report = report_on(stack, form)
            assert names(report.changes) == {"created": ["changed", "gone", "replaced", "retained"]}
            assert (report.conditions, report.preview.has_failed) == (frozenset(), False)
        stack.up("--skip-preview")
        for name, form in FORMS.items():
            report = report_on(stack, form)
            assert names(report.changes) == {}
            lists_all = name in ("with unchanged resources", "events")
            assert report.preview.unchanged_listed == lists_all
        stack.rewrite(AFTER)
        for name, form in FORMS.items():
            # A summary does not say which resources are retained.
            removed = (
                {"deleted": ["gone", "retained"]}
                if name == "summary"
                else {"deleted": ["gone"], "kept": ["retained"]}
            )
            assert names(report_on(stack, form).changes) == {
                "replaced": ["replaced"],
                "updated": ["changed"],
                "created": ["new"],
                **removed,
            }
        stack.rewrite("import sys\nsys.exit(3)\n")
        for form in FORMS.values():
            assert report_on(stack, form).preview.has_failed
