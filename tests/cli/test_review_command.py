"""`kubiya-pulumi review` in each of its formats."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubiya_pulumi.cli.main import main
from kubiya_pulumi.emulator import Emulator
from kubiya_pulumi.review import RULES, Review, parse_manifest, review
from tests.cli.rendered import sarif, tokens
from tests.harness.secrets import find_secrets
from tests.preview_report.preview_builders import binding, deployment, role, rule

FORMATS = ("table", "json", "markdown", "sarif")


@pytest.fixture(scope="module")
def manifest() -> str:
    """A manifest like those of the real API."""
    with Emulator() as emulator:
        return emulator.add_runner("runner-prod").manifest


@pytest.fixture
def file(manifest: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of the manifest, relative to the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    Path("manifest.yaml").write_text(manifest)
    return "manifest.yaml"


def to_yaml(*objects: Any) -> str:
    return yaml.safe_dump_all(objects)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_has_every_finding_and_no_secret(
    form: str, file: str, manifest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["review", file, "--format", form]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    findings = review(parse_manifest(manifest)).findings
    assert findings
    for finding in findings:
        assert finding.rule in out
        assert finding.object.name in out
    secrets = [
        text
        for item in yaml.safe_load_all(manifest)
        if item["kind"] == "Secret"
        for value in item["data"].values()
        for text in (value, base64.b64decode(value).decode())
    ]
    assert find_secrets(secrets, output=out) == []


def test_json_contains_the_whole_review(
    file: str, manifest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["review", file, "--format=json"])
    printed = json.loads(capsys.readouterr().out)
    assert Review.from_dict(printed) == review(parse_manifest(manifest))


@pytest.mark.parametrize(
    ("flags", "status"),
    [
        ([], 0),
        (["--deny", "full-access"], 1),
        (["--deny", "exec-into-pods, full-access"], 1),
        (["--deny", "unauthenticated-subject,baseline-*"], 0),
        (["--deny", "note", "--deny", "unauthenticated-subject"], 1),
        (["--deny", "error"], 1),
        (["--allow-image", "ghcr.io/kubiyabot/*"], 0),
        (["--allow-image", "example.com/*"], 1),
        (["--allow-namespace", "kubiya-*"], 0),
        (["--allow-namespace", "default"], 1),
        (["--allow-kind", "Deployment", "--allow-kind", "Service"], 1),
        (["--allow-kind", "*"], 0),
        (["--deny=full-access", "--waive", "full-access", "*", "it is meant to"], 0),
        (["--deny=full-access", "--waive", "full-access", "other", "it is meant to"], 1),
    ],
)
def test_a_denied_finding_has_status_1(
    flags: list[str], status: int, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["review", file, "--format=json", *flags]) == status
    out, err = capsys.readouterr()
    denied = sum(finding["denied"] for finding in json.loads(out)["findings"])
    assert bool(denied) == bool(status)
    message = f"review: the file manifest.yaml has {denied} finding{'s' * (denied > 1)} that"
    assert err.startswith(message) == bool(status)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["missing.yaml"], "the file missing.yaml cannot be read: No such file or directory."),
        (["empty.yaml"], "the file empty.yaml is empty"),
        (["broken.yaml"], "the file broken.yaml is not valid YAML (line "),
        (["binary.yaml"], "the file binary.yaml cannot be read: it is not UTF-8 text."),
        (["manifest.yaml", "--deny", "ful-access"], 'did you mean "full-access"?'),
        (
            ["manifest.yaml", "--waive", "full-access", "*", ""],
            "Waiver.reason must be a non-empty string",
        ),
        (["--runner", ""], "the runner's name"),
    ],
)
def test_bad_input_is_one_sentence(
    arguments: list[str],
    problem: str,
    file: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if arguments == ["--runner", ""]:
        monkeypatch.setenv("KUBIYA_API_KEY", "a-key")
    Path("empty.yaml").write_text("")
    Path("broken.yaml").write_text("a: [secret-in-it")
    Path("binary.yaml").write_bytes(b"\xff\x00")
    assert main(["review", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("review: ")
    assert problem in err
    assert err.count("\n") == 1
    assert "secret-in-it" not in err


@pytest.mark.parametrize("arguments", [["--format=xml"], ["file", "--runner=a"], ["--waive", "a"]])
def test_invalid_arguments_of_review(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["review", *arguments])
    assert caught.value.code == 2
    assert "usage: kubiya-pulumi review" in capsys.readouterr().err


def test_standard_input(
    manifest: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for arguments in ([], ["-"]):
        text = io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbf" + manifest.encode()))
        monkeypatch.setattr(sys, "stdin", text)
        assert main(["review", "--format=sarif", *arguments]) == 0
        [result, *_] = sarif(capsys.readouterr().out)["results"]
        location = result["locations"][0]["physicalLocation"]
        assert location["artifactLocation"]["uri"] == "stdin"


@pytest.mark.parametrize("form", ["documented", "observed"])
def test_a_runners_manifest_is_downloaded(
    form: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Emulator(form=form) as emulator:
        emulator.add_runner("runner-prod")
        monkeypatch.setenv("KUBIYA_BASE_URL", emulator.url)
        monkeypatch.setenv("KUBIYA_API_KEY", emulator.api_key)
        flags = ["--format=sarif", "--deny=full-access"]
        assert main(["review", "--runner", "runner-prod", *flags]) == 1
        out, err = capsys.readouterr()
        assert len(sarif(out)["results"]) > 3
        assert err == (
            'review: the manifest of runner "runner-prod" has 1 finding that the policy denies\n'
        )
        emulator.set_manifest("runner-prod", "<html>")
        assert main(["review", "--runner", "runner-prod"]) == 2
        out, err = capsys.readouterr()
        assert 'the manifest of runner "runner-prod" is a web page' in err
        assert main(["review", "--runner", "other"]) == 2
        assert 'runner "other"' in capsys.readouterr().err
        assert find_secrets([emulator.api_key], out=out, err=err) == []


HOSTILE = ["a|b`c", "<script>", "[red]x[/red]", "[a](https://example.com)", ":smile:", "x" * 300]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("form", FORMATS)
def test_names_in_a_manifest_are_never_markup(
    form: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "manifest.yaml"
    bound = [role(name, rules=[rule("*", "*", "*")]), binding(name, role_name=name)]
    file.write_text(to_yaml(*bound, deployment("d", name)))
    assert main(["review", str(file), "--format", form]) == 0
    out = capsys.readouterr().out
    if form == "table":
        shown = "".join(line.strip() for line in out.splitlines())
        assert name[:8] in shown
    if form == "markdown":
        document = tokens(out)
        assert "link_open" not in {token.type for token in document}
        assert {token.content for token in document if token.type == "html_inline"} <= {"<br>"}
    if form == "sarif":
        assert all("[a](" not in result["message"]["text"] for result in sarif(out)["results"])


@pytest.fixture
def lines(
    columns: int, file: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """The lines of the table if stdout is not a terminal and COLUMNS is set."""
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main(["review", file]) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_the_table_is_wrapped_and_not_truncated(
    columns: int, lines: list[str], manifest: str
) -> None:
    """Long lines are wrapped in a narrow terminal, and the summary comes last."""
    # The ellipsis in "@sha256:…" is part of a message.
    assert "…" not in "".join(lines).replace("@sha256:…", "")
    assert [line for line in lines if len(line) > columns and "SHA-256" not in line] == []
    assert len(next(line for line in lines if "SHA-256" in line)) == len("SHA-256: ") + 64
    assert [line for line in lines if line != line.rstrip()] == []
    assert lines[-1].endswith(" notes.")
    output = " ".join(" ".join(lines).split())
    for finding in review(parse_manifest(manifest)).findings:
        assert " ".join(finding.message.split()) in output
        assert " ".join(RULES[finding.rule].remediation.split()) in output


@pytest.mark.parametrize("columns", [80, 100])
def test_the_table_wraps_between_words_and_lists_each_subject_once(
    columns: int, lines: list[str], manifest: str
) -> None:
    result = review(parse_manifest(manifest))
    words = {word.strip(",") for line in lines for word in line.split()}
    names = {
        name for grant in result.grants for name in (grant.role, grant.binding, *grant.workloads)
    }
    names |= {str(finding.object) for finding in result.findings} | set(result.images)
    assert names - words == set()
    for subject in {str(grant.subject) for grant in result.grants}:
        assert [line.strip() for line in lines].count(subject) == 1


def test_the_table_is_not_wrapped_without_a_terminal(
    file: str, manifest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS")
    command = [sys.executable, "-m", "kubiya_pulumi", "review", file]
    process = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    lines = [line.strip() for line in process.stdout.splitlines()]
    messages = {finding.message for finding in review(parse_manifest(manifest)).findings}
    assert messages - set(lines) == set()
    assert max(map(len, messages)) > 80


def test_without_the_extra_all_formats_but_the_table_work(
    file: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "kubiya_pulumi.cli.review_table", raising=False)
    monkeypatch.setitem(sys.modules, "rich", None)
    for name in [name for name in sys.modules if name.startswith("rich.")]:
        monkeypatch.delitem(sys.modules, name)
    assert main(["review", file]) == 2
    assert capsys.readouterr().err == (
        "review: the table requires an extra: pip install 'kubiya-pulumi[cli]', or choose another "
        "--format\n"
    )
    for form in ("json", "markdown", "sarif"):
        assert main(["review", file, "--format", form]) == 0
