"""`kubiya-pulumi preview-report` on synthetic previews. tests/cluster uses real ones."""

from __future__ import annotations

import io
import itertools
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from kubiya_pulumi.cli.main import main
from tests.cli.rendered import tokens
from tests.harness.secrets import find_secrets
from tests.preview_report.preview_builders import (
    GROUP,
    binding,
    deployment,
    document,
    object_step,
    role,
    rule,
    state,
    step,
)

RUNNER = "pulumi-python:dynamic/kubiya:Runner"
MANIFEST = "pulumi-python:dynamic/kubiya:RunnerManifest"
LIMIT = 65_536


class Command:
    """Runs the command on a text, and stores the output."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._file = folder / "preview.json"
        self._capsys = capsys

    def __call__(self, text: str | bytes, *flags: str) -> int:
        self._file.write_bytes(text.encode() if isinstance(text, str) else text)
        status = main(["preview-report", str(self._file), *flags])
        self.out, self.err = self._capsys.readouterr()
        return status


PREVIEWS = Path(__file__).parents[1] / "preview_report" / "previews"
CONDITIONS = "--fail-on=replace,delete,rbac,unreviewed"


@pytest.fixture
def report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path, capsys)


def runner(op: str, **inputs: Any) -> dict[str, Any]:
    old, new = state({"name": "a", **inputs}), state({"name": "b", **inputs})
    return step(op, RUNNER, "r", oldState=old, newState=new, detailedDiff={"name": {}})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty. Pass the"),
        ("no json", "contains no JSON object. Pass the"),
        ("{}", "is JSON, but not that of a preview. Pass the"),
        (document()[:-1], "is not complete JSON. Pass the"),
        (document() + "x", "contains text after its JSON. Pass the"),
        (b"\xff\xfe", "cannot be read: it is not UTF-8 text."),
    ],
)
def test_invalid_input_is_one_sentence(text: str | bytes, problem: str, report: Command) -> None:
    assert report(text) == 2
    assert report.out == ""
    assert report.err.count("\n") == 1
    assert re.match(rf"preview-report: the file .*preview\.json {re.escape(problem)}", report.err)


def test_a_missing_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preview-report", "missing.json"]) == 2
    assert capsys.readouterr().err == (
        "preview-report: the file missing.json cannot be read: No such file or directory.\n"
    )


@pytest.mark.parametrize("arguments", [["-"], []])
def test_standard_input(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbf" + document().encode()))
    monkeypatch.setattr(sys, "stdin", text)
    assert main(["preview-report", *arguments]) == 0
    assert "Nothing to do." in capsys.readouterr().out
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert main(["preview-report", *arguments]) == 2
    assert capsys.readouterr().err.startswith("preview-report: the input is empty.")


def test_an_unknown_condition(report: Command) -> None:
    with pytest.raises(SystemExit) as caught:
        report(document(), "--fail-on=replace,melt")
    assert caught.value.code == 2


@pytest.mark.parametrize(
    ("steps", "met"),
    [
        ([], set()),
        ([runner("create")], set()),
        ([runner("replace")], {"replace"}),
        ([runner("delete")], {"delete"}),
        ([step("create", MANIFEST, "m")], {"unreviewed"}),
        (
            [
                object_step("create", role(rules=[rule("get", "pods")])),
                object_step("create", binding()),
            ],
            {"rbac"},
        ),
    ],
)
@pytest.mark.parametrize("condition", ["replace", "delete", "rbac", "unreviewed"])
def test_the_status_depends_on_the_condition(
    condition: str, steps: list[dict[str, Any]], met: set[str], report: Command
) -> None:
    assert report(document(*steps), f"--fail-on={condition}") == (condition in met)
    assert (condition in report.err) == (condition in met)
    assert report(document(*steps)) == 0
    assert report.err == ""


def test_several_conditions(report: Command) -> None:
    assert report(document(runner("replace")), "--fail-on", "delete, replace") == 1
    assert report.err == "preview-report: the preview meets a condition of --fail-on: replace\n"


def test_a_failed_preview_has_status_1_and_comes_first(report: Command) -> None:
    diagnostics = [{"severity": "error", "message": "error: bad ```\n<b>key</b>\n"}]
    assert report(document(runner("update"), diagnostics=diagnostics)) == 1
    assert report.err == "preview-report: the preview failed\n"
    assert "**The preview failed.**" in report.out
    [fence] = [token for token in tokens(report.out) if token.type == "fence"]
    assert fence.content == "bad ```\n<b>key</b>\n"
    report(document(diagnostics=diagnostics))
    assert "Nothing to do" not in report.out


@pytest.mark.parametrize(
    ("flags", "marker"),
    [
        ([], "infra/dev"),
        (["--marker", "web"], "web"),
        (["--marker", "a --> <b>\n@c"], "a%20-%2D%3E%20%3Cb%3E%0A%40c"),
        (["--marker", "é\ud800"], "%C3%A9%3F"),
    ],
)
def test_the_first_line_is_the_marker(flags: list[str], marker: str, report: Command) -> None:
    report(document(runner("update")), *flags)
    assert report.out.splitlines()[0] == f"<!-- kubiya-pulumi preview-report {marker} -->"


def test_only_the_values_of_a_runners_name_and_description_are_shown(report: Command) -> None:
    report(document(runner("update")))
    assert "`name`: `a` → `b`" in report.out
    others = runner("update", token="plain-secret")
    others["detailedDiff"] = {"token": {}, "name": {}}
    report(document(others))
    assert "| `name`: `a` → `b`<br>`token` |" in report.out
    assert find_secrets(["plain-secret"], report=report.out) == []


def test_secrets_of_a_plaintext_preview_are_not_shown(report: Command) -> None:
    secret = "hunter2-and-more"
    env = [{"name": "PASSWORD", "value": secret}]
    outputs = {"content": secret, "url": secret, "manifest_url": secret, "sha256": "0" * 64}
    previous = state({"runner": "r"}, outputs=outputs)
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}
    paths = {"data.key": {}, "stringData.key": {}}
    steps = [
        step(
            "update",
            MANIFEST,
            "m",
            oldState=previous,
            newState=previous,
            detailedDiff={"content": {}},
        ),
        step("replace", RUNNER, "r", oldState=previous, newState=previous, replaceReasons=["url"]),
        object_step("update", *[{**body, "data": {"key": secret}}] * 2) | {"detailedDiff": paths},
        object_step("create", deployment("d", "i:1", env=env)),
        object_step("delete", {**body, "stringData": {"key": secret}, "type": "Opaque"}),
    ]
    config = {"kubiya:apiKey": secret}
    assert report(document(*steps, config=config)) == 0
    assert "`data.key`, `stringData.key`" in report.out
    assert find_secrets([secret], report=report.out, errors=report.err) == []


HOSTILE = [
    "a|b",
    r"a\|b\\|c\\",
    "`tick`` ```",
    "``",
    "line\nbreak\r\n\r\n# heading",
    "</details><script>alert(1)</script>",
    "<!-- --> <img src=x>",
    "@octocat #1 https://example.com [a](b) ![c](d)",
    "**bold** _em_ ~~gone~~ &lt; &#64;",
    "\u202eright to left\u200b\x1b[31m",
    " ",
    "\x00",
    "x" * 5_000,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_never_markup(name: str, report: Command) -> None:
    pod = deployment("d", name)
    pod["metadata"]["name"] = name
    rules = [{**rule("get", "pods"), "resourceNames": [name], "verbs": [name]}]
    steps = [
        step("create", f"a:b:{name}", name),
        step("delete", "a:b:C", name),
        step("replace", "a:b:C", name, replaceReasons=[name]),
        step("update", "a:b:C", name, detailedDiff={name: {}}),
        step("update", RUNNER, "r", oldState=state({"name": name}), newState=state({"name": "b"}),
             detailedDiff={"name": {}}),
        object_step("update", deployment("d", "i:1"), pod),
        object_step("create", role(name, rules=rules)),
        object_step("create", binding(name, role_name=name)),
    ]  # fmt: skip
    diagnostics = [{"severity": severity, "message": name} for severity in ("warning", "error")]
    incomplete = f"{GROUP}:{name} -- Required input properties have unknown values"
    diagnostics.append({"severity": "warning", "message": incomplete})
    report(document(*steps, diagnostics=diagnostics))
    comment = tokens(report.out)

    html_types = {"html_block", "html_inline"}
    html = {token.content.strip() for token in comment if token.type in html_types}
    summary = r"<details>\n<summary>[A-Z][\w ]+ \(\d+\)</summary>"
    for tag in html:
        assert tag in ("</details>", "<br>") or re.fullmatch(rf"{summary}|<!-- [\w/% -]+ -->", tag)
    types = {token.type for token in comment}
    assert not types & {
        "link_open",
        "image",
        "em_open",
        "s_open",
        "hr",
        "code_block",
        "bullet_list",
    }
    headings = [b for a, b in itertools.pairwise(comment) if a.type == "heading_open"]
    titles = {re.sub("`[^`]*`", "", heading.content).strip() for heading in headings}
    assert titles <= {"Preview of", "Not reviewed", "Replaced", "Deleted", "RBAC", "Images"}
    outside = "".join(token.content for token in comment if token.type == "text")
    assert not re.search(r"octocat|example\.com|script|right to left|xxx", outside)
    assert_rows_are_whole(report.out)


def assert_rows_are_whole(markdown: str) -> None:
    """Assert that each row has as many cells as its header. Escaped pipes do not count."""
    columns = 0
    for line in markdown.splitlines():
        pipes = re.sub(r"\\.", "", line).count("|") if line.startswith("|") else 0
        columns = columns if pipes and columns else pipes
        assert pipes == columns, line


@pytest.mark.slow
def test_a_comment_stays_within_the_limit_and_counts_omitted_rows(report: Command) -> None:
    many = 3_000
    names = [f"name-{number}-" + "é" * 150 for number in range(many)]
    rules = [{**rule("get", "pods"), "resourceNames": [name]} for name in names]
    steps = [
        *(step(op, "a:b:C", n) for op in ("create", "update", "delete", "replace") for n in names),
        *(object_step("create", deployment(f"d{n}", name)) for n, name in enumerate(names)),
        object_step("create", role(rules=rules)),
        object_step("create", binding()),
    ]
    diagnostics = [{"severity": "warning", "message": name} for name in names]
    diagnostics += [{"severity": "error", "message": "e" * 100_000}]
    report(document(*steps, diagnostics=diagnostics))
    assert LIMIT - 1_000 < len(report.out.encode()) < LIMIT
    omitted = [int(n.replace(",", "")) for n in re.findall(r"\*\*([\d,]+) more rows", report.out)]
    assert_rows_are_whole(report.out)
    rows = [line for line in report.out.splitlines() if line.startswith("| ")]
    headers = sum(line.startswith("| ---") for line in rows) * 2
    total = 4 * many + (many + 2) + many + many + many
    assert len(rows) - headers + sum(omitted) == total
    assert f"{many:,} to replace, {many:,} to delete" in report.out


def test_important_rows_are_omitted_last(report: Command) -> None:
    created = [step("create", "a:b:C", f"created-{n}") for n in range(10_000)]
    deleted = [step("delete", "a:b:C", f"deleted-{n}") for n in range(100)]
    report(document(*created, *deleted))
    assert report.out.count("`deleted-") == 100
    assert "omitted: the comment has reached its size limit" in report.out


def test_a_preview_without_unchanged_resources_names_the_flag(report: Command) -> None:
    update = object_step("update", role(rules=[]), role(rules=[rule("get", "secrets")]))
    report(document(update, unlisted=5))
    assert "| gained | any bound subject | `get` | `secrets` |" in report.out
    assert "`pulumi preview --json --show-sames`" in report.out
    report(document(update, object_step("same", binding())))
    assert "--show-sames" not in report.out


def test_a_cluster_other_than_the_default_is_named(report: Command) -> None:
    there = "urn:pulumi:dev::infra::pulumi:providers:kubernetes::staging"
    steps = [object_step("create", role(rules=[rule("get", "pods")]), cluster=there)]
    report(document(*steps, object_step("create", binding(), cluster=there)))
    assert "| the whole cluster at `staging` |" in report.out


def test_it_works_without_extras(report: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("rich", "starlette", "kubernetes"):
        monkeypatch.setitem(sys.modules, name, None)
    assert report(document()) == 0


def test_lone_surrogates_are_removed(report: Command) -> None:
    assert report(document(step("create", "a:b:C", "x\ud800y"))) == 0
    assert "`xy`" in report.out


@pytest.mark.parametrize(
    ("file", "status", "message"),
    [
        ("output-json-summary.json", 1, "a condition of --fail-on: delete"),
        ("unknown-rules.json", 1, "a condition of --fail-on: unreviewed"),
        ("unknown-subjects.json", 1, "a condition of --fail-on: rbac, unreviewed"),
        ("secret-rules.json", 1, "a condition of --fail-on: unreviewed"),
        ("retain-on-delete.json", 0, ""),
        ("mandatory-policy-violation.jsonl", 1, "the preview failed"),
        ("text-before-the-json.json", 0, ""),
        ("policy-pack-missing.jsonl", 1, "the preview failed"),
        ("helm-release.json", 1, "a condition of --fail-on: unreviewed"),
        ("unknown-image.json", 1, "a condition of --fail-on: unreviewed"),
        ("unknown-spec.json", 1, "a condition of --fail-on: unreviewed"),
        ("unknown-metadata.json", 1, "a condition of --fail-on: rbac, unreviewed"),
    ],
)
def test_the_status_of_each_preview(file: str, status: int, message: str, report: Command) -> None:
    assert report((PREVIEWS / file).read_bytes(), CONDITIONS) == status
    assert message in report.err
    assert "Nothing to do" not in report.out


def test_what_was_not_reviewed_is_named(report: Command) -> None:
    report((PREVIEWS / "unknown-rules.json").read_bytes())
    assert "**1 resource was not reviewed**" in report.out
    assert "| `ClusterRole` | `app` | `rules`: unknown until the update |" in report.out
    report((PREVIEWS / "helm-release.json").read_bytes())
    assert "| `Release` | `operator` | Helm renders its objects during" in report.out


def test_a_retained_resource_has_a_row_of_its_own(report: Command) -> None:
    assert report((PREVIEWS / "retain-on-delete.json").read_bytes(), "--fail-on=delete") == 0
    assert "**1 to remove from the stack.**" in report.out
    assert "#### Removed from the stack, kept in place" in report.out
    assert "#### Deleted" not in report.out


def violation(level: str, name: str = "tagged", **more: Any) -> dict[str, Any]:
    entry = {
        "resourceUrn": "urn:pulumi:dev::infra::a:b:C::x",
        "message": f"<{{%fg 13%}}>{name} is required\n<{{%reset%}}>",
        "policyName": name,
        "policyPackName": "house-rules",
        "policyPackVersion": "1.0.0",
        "enforcementLevel": level,
        **more,
    }
    return {"policyEvent": entry}


def stream(*events: dict[str, Any]) -> str:
    summary = {"summaryEvent": {"isPreview": True, "resourceChanges": {}, "result": "succeeded"}}
    return "\n".join(
        json.dumps({"sequence": number, "timestamp": 1, **event})
        for number, event in enumerate([*events, summary])
    )


@pytest.mark.parametrize(
    ("event", "status", "title"),
    [
        (violation("mandatory"), 1, "Mandatory policy violations"),
        (violation("remediate"), 1, "Mandatory policy violations"),
        (violation("unheard-of"), 1, "Mandatory policy violations"),
        (violation("advisory"), 0, "Advisory policy violations"),
        (violation("warning"), 0, "Advisory policy violations"),
        (
            violation("mandatory", exceptions=[{"id": "EXC-1", "reason": "r"}]),
            0,
            "Advisory policy violations",
        ),
    ],
)
def test_policy_violations_are_named(
    event: dict[str, Any], status: int, title: str, report: Command
) -> None:
    assert report(stream(event)) == status
    assert f"#### {title}\n" in report.out
    row = "| `tagged` of `house-rules 1.0.0` | `a:b:C` `x` | `tagged is required` |"
    assert row in report.out
    assert (report.err == "preview-report: the preview failed\n") == (status == 1)


def test_mandatory_violations_are_apart_from_advisory_ones(report: Command) -> None:
    assert report(stream(violation("advisory", "one"), violation("mandatory", "two"))) == 1
    mandatory, advisory = report.out.index("`two`"), report.out.index("`one`")
    assert report.out.index("Mandatory policy violations") < mandatory
    assert mandatory < report.out.index("Advisory policy violations") < advisory


def test_a_violation_of_the_stack_names_no_resource(report: Command) -> None:
    report(stream(violation("advisory", resourceUrn="")))
    assert "| the stack |" in report.out


def test_remediations_are_named(report: Command) -> None:
    [entry] = violation("remediate").values()
    assert report(stream({"policyRemediationEvent": entry})) == 0
    assert "#### Changed by a policy" in report.out
    assert "| `tagged` of `house-rules 1.0.0` | `a:b:C` `x` |" in report.out


@pytest.mark.parametrize("name", HOSTILE)
def test_the_texts_of_policies_are_never_markup(name: str, report: Command) -> None:
    events = [violation(level, name, message=name) for level in ("mandatory", "advisory")]
    report(stream(*events))
    types = {token.type for token in tokens(report.out)}
    assert not types & {"link_open", "image", "em_open", "s_open", "html_inline", "code_block"}
    assert_rows_are_whole(report.out)
