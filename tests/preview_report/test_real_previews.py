"""The output of the real engine is read the same in each of its forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from kubiya_pulumi.preview_report import (
    PreviewError,
    PreviewReport,
    Reason,
    build_report,
    parse_preview,
)
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


OBJECTS = f"""{DECLARATIONS}
import pulumi_kubernetes as kubernetes
from pulumi import Output

unknown = Thing("thing", "small").token
# It needs no cluster.
provider = kubernetes.Provider("provider", render_yaml_to_directory="rendered")
options = pulumi.ResourceOptions(provider=provider)
pods = {{"verbs": ["get"], "api_groups": [""], "resources": ["pods"]}}
account = {{"kind": "ServiceAccount", "namespace": "default"}}

def role(name, rules):
    metadata = {{"name": name}}
    kubernetes.rbac.v1.ClusterRole(name, metadata=metadata, rules=rules, opts=options)

def binding(name, role, subject):
    kubernetes.rbac.v1.ClusterRoleBinding(
        name,
        metadata={{"name": name}},
        role_ref={{"api_group": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}},
        subjects=[account | {{"name": subject}}],
        opts=options,
    )

def deployment(name, image, **container):
    labels = {{"app": name}}
    pod = {{"containers": [{{"name": "main", "image": image, **container}}]}}
    kubernetes.apps.v1.Deployment(
        name,
        metadata={{"name": name, "namespace": "default"}},
        spec={{
            "selector": {{"match_labels": labels}},
            "template": {{"metadata": {{"labels": labels}}, "spec": pod}},
        }},
        opts=options,
    )

role("known-rules", [pods])
role("unknown-rules", unknown.apply(lambda _: [pods]))
role("unknown-verb", [pods | {{"verbs": ["get", unknown]}}])
role("secret-rules", Output.secret([pods]))
role("secret-verb", [pods | {{"verbs": [Output.secret("get")]}}])
binding("unknown-role", unknown, "default")
binding("unknown-subject", "known-rules", unknown)
deployment("known-image", "app:1")
deployment("unknown-image", Output.concat("app:", unknown))
deployment("secret-image", Output.secret("app:1"))
deployment("secret-variable", "app:1", env=[{{"name": "A", "value": Output.secret("a")}}])
kubernetes.core.v1.ConfigMap("unknown-name", metadata={{"name": unknown}}, opts=options)
kubernetes.core.v1.ConfigMap(
    "unknown-data", metadata={{"name": "data"}}, data={{"a": unknown}}, opts=options
)
kubernetes.core.v1.Secret(
    "secret-data",
    metadata={{"name": "data"}},
    string_data={{"a": Output.secret("a")}},
    opts=options,
)
kubernetes.yaml.v2.ConfigGroup("unknown-group", yaml=unknown, opts=options)
kubernetes.yaml.v2.ConfigGroup(
    "known-group", objs=[{{"apiVersion": "v1", "kind": "Namespace", "metadata": {{"name": "n"}}}}],
    opts=options,
)
kubernetes.kustomize.v2.Directory("unknown-directory", directory=unknown, opts=options)
kubernetes.helm.v4.Chart("unknown-chart", chart=unknown, opts=options)
"""
CONTAINERS = "spec.template.spec.containers"
HIDDEN = {
    "secret-image": (Reason.SECRET, (CONTAINERS,)),
    "secret-rules": (Reason.SECRET, ("rules",)),
    "secret-variable": (Reason.SECRET, (CONTAINERS,)),
    "secret-verb": (Reason.SECRET, ("rules",)),
    "unknown-chart": (Reason.UNKNOWN_OBJECTS, ()),
    "unknown-directory": (Reason.UNKNOWN_OBJECTS, ()),
    "unknown-group": (Reason.UNKNOWN_OBJECTS, ()),
    "unknown-image": (Reason.UNKNOWN, (f"{CONTAINERS}[0].image",)),
    "unknown-name": (Reason.UNKNOWN, ("metadata.name",)),
    "unknown-role": (Reason.UNKNOWN, ("roleRef.name",)),
    "unknown-rules": (Reason.UNKNOWN, ("rules",)),
    "unknown-subject": (Reason.UNKNOWN, ("subjects[0].name",)),
    "unknown-verb": (Reason.UNKNOWN, ("rules[0].verbs[1]",)),
}


def test_what_the_engine_hides_is_not_reviewed() -> None:
    with Stack(OBJECTS) as stack:
        for name in ("document", "events"):
            form = FORMS[name]
            # The provider accepts no kubeconfig if it only renders.
            report = report_on(stack, Form(form.flags, {**form.env, "KUBECONFIG": ""}))
            assert {
                entry.resource.name: (entry.reason, entry.paths) for entry in report.unreviewed
            } == HIDDEN
            granted = {str(row.grant.subject).strip(): row.grant.role for row in report.rbac.gained}
            assert granted["[unknown] of unknown-subject"] == "ClusterRole/known-rules"
            assert granted["ServiceAccount default/default"] == "ClusterRole/[unknown]"
        summary = report_on(stack, Form(FORMS["summary"].flags, {"KUBECONFIG": ""}))
        assert HIDDEN.keys() <= {entry.resource.name for entry in summary.unreviewed}


def test_a_missing_policy_pack_is_a_failure() -> None:
    with Stack("") as stack:
        for form in FORMS.values():
            try:
                report = report_on(stack, form, "--policy-pack", "missing")
            except PreviewError:
                continue
            assert report.preview.has_failed
