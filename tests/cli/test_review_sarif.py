"""`kubiya-pulumi review --format sarif`: the standard, and what code scanning requires."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml

from kubiya_pulumi.cli import review_sarif
from kubiya_pulumi.cli.main import main
from kubiya_pulumi.cli.sources import Source, Sources
from kubiya_pulumi.emulator import Emulator
from kubiya_pulumi.review import RULES, Category, ManifestPolicy, Review, review
from tests.cli.rendered import sarif
from tests.harness.toolchain import tool
from tests.preview_report.preview_builders import binding, role, rule

WIDE = [role("wide", rules=[rule("*", "*", "*")]), binding("wide", role_name="wide")]


@pytest.fixture(scope="module")
def manifest() -> str:
    """A manifest like those of the real API."""
    with Emulator() as emulator:
        return emulator.add_runner("runner-prod").manifest


@pytest.fixture
def file(manifest: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of the manifest, relative to the working directory."""
    monkeypatch.chdir(tmp_path)
    Path("manifest.yaml").write_text(manifest)
    return "manifest.yaml"


def log(
    capsys: pytest.CaptureFixture[str], *arguments: str | Path, status: int = 0
) -> dict[str, Any]:
    """Review, and return the run of the log."""
    assert main(["review", "--format=sarif", *map(str, arguments)]) == status
    return sarif(capsys.readouterr().out)


def artifact(result: dict[str, Any]) -> dict[str, str]:
    return dict(result["locations"][0]["physicalLocation"]["artifactLocation"])


def line(result: dict[str, Any]) -> int:
    return int(result["locations"][0]["physicalLocation"]["region"]["startLine"])


def name(result: dict[str, Any]) -> str:
    return str(result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"])


def validate(folder: Path, text: str) -> list[str]:
    """Return what the validator of the standard and of code scanning reports about a log."""
    (folder / "log.sarif").write_text(text)
    process = subprocess.run(
        [
            *(tool("sarif-multitool"), "validate", "log.sarif", "--rule-kind", "Sarif;Gh"),
            *("--output", "report.sarif", "--log", "ForceOverwrite"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    [report] = json.loads((folder / "report.sarif").read_text(encoding="utf-8-sig"))["runs"]
    assert report["invocations"][0]["executionSuccessful"]
    return sorted(
        f"{result['ruleId']}: {result['message']}" for result in report.get("results", [])
    )


ACCEPTED = ("SARIF2005",)
"""Rules of the validator that do not apply: the project has no website for `informationUri`."""


@pytest.mark.tools
@pytest.mark.parametrize("source", ["file", "runner", "folder", "waived", "absolute"])
def test_the_validator_of_code_scanning_accepts_the_log(
    source: str,
    file: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("deploy/a b#").mkdir(parents=True)
    Path("deploy/a b#/данные.yaml").write_text(yaml.safe_dump_all(WIDE))
    arguments = {
        "file": [file],
        "runner": ["--runner", "runner-prod"],
        "folder": ["deploy", file],
        "waived": [file, "--waive", "*", "*", "accepted", "--waive", "*", "nothing", "unused"],
        "absolute": [str(tmp_path / file)],
    }[source]
    with Emulator() as emulator:
        emulator.add_runner("runner-prod")
        monkeypatch.setenv("KUBIYA_BASE_URL", emulator.url)
        monkeypatch.setenv("KUBIYA_API_KEY", emulator.api_key)
        assert main(["review", "--format=sarif", *arguments]) == 0
    text = capsys.readouterr().out
    assert sarif(text)["results"]
    problems = validate(tmp_path, text)
    assert [problem for problem in problems if not problem.startswith(ACCEPTED)] == []


@pytest.mark.tools
@pytest.mark.parametrize(
    ("key", "rule_id"), [("help", "GH2012"), ("fullDescription", "GH2012"), ("id", "JSON1002")]
)
def test_the_validator_reports_a_rule_that_lacks_a_required_property(
    key: str, rule_id: str, file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["review", file, "--format=sarif"])
    invalid = json.loads(capsys.readouterr().out)
    del invalid["runs"][0]["tool"]["driver"]["rules"][0][key]
    assert rule_id in {
        problem[: len(rule_id)] for problem in validate(tmp_path, json.dumps(invalid))
    }


def test_each_object_is_located(
    file: str, manifest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = manifest.splitlines()
    for result in log(capsys, file)["results"]:
        assert artifact(result) == {"uri": "manifest.yaml", "uriBaseId": "%SRCROOT%"}
        document = "\n".join(lines[line(result) - 1 :]).split("\n---")[0]
        item = yaml.safe_load(document)
        kind, *_, object_name = name(result).split("/")
        assert (item["kind"], item["metadata"]["name"]) == (kind, object_name)


def test_objects_in_lists_and_after_empty_documents_are_located(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    narrow = [role("narrow", rules=[]), binding("narrow", role_name="narrow")]
    items = {"apiVersion": "v1", "kind": "List", "items": [*narrow, *WIDE]}
    text = "---\n# nothing\n---\n" + yaml.safe_dump(items, sort_keys=False)
    Path("list.yaml").write_text(text)
    [result] = [
        result
        for result in log(capsys, "list.yaml")["results"]
        if result["ruleId"] == "full-access"
    ]
    rest = text.splitlines()[line(result) - 1 :]
    assert rest[0].startswith("- apiVersion")
    object_name = name(result).split("/")[-1]
    assert next(text for text in rest if "  name:" in text).strip() == f"name: {object_name}"


def test_each_rule_is_described_for_code_scanning(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = log(capsys, file)
    rules = run["tool"]["driver"]["rules"]
    assert [entry["id"] for entry in rules] == list(RULES)
    for entry, registered in zip(rules, RULES.values(), strict=True):
        assert entry["helpUri"].startswith("https://")
        assert entry["fullDescription"]["text"] == registered.description
        assert registered.description.startswith(entry["shortDescription"]["text"])
        assert 10 < len(entry["shortDescription"]["text"]) <= 1024
        assert len(entry["fullDescription"]["text"]) <= 1024
        assert entry["help"]["text"] == registered.remediation
        for part in (registered.description, registered.remediation, registered.url):
            assert part in entry["help"]["markdown"]
        properties = entry["properties"]
        assert properties["stableId"] == registered.id
        assert properties["references"] == list(registered.references)
        assert "security" in properties["tags"]
        assert len(properties["tags"]) <= 20
        assert 0 < float(properties["security-severity"]) <= 10
        if registered.category != Category.EXCESSIVE:
            assert float(properties["security-severity"]) < 4
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def fingerprints(run: dict[str, Any]) -> list[str]:
    return [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]


def test_fingerprints_identify_a_result_wherever_it_moves(
    file: str, manifest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = fingerprints(log(capsys, file))
    assert len(set(before)) == len(before) > 3
    Path("moved.yaml").write_text("# a comment\n\n" + manifest)
    assert fingerprints(log(capsys, "moved.yaml")) == before
    waived = log(capsys, file, "--waive", "*", "*", "accepted")
    assert sorted(fingerprints(waived)) == sorted(before)


def test_a_finding_does_not_inherit_the_fingerprint_of_a_fixed_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def latest(*images: str) -> list[str]:
        containers = [{"name": image, "image": f"example.com/{image}"} for image in images]
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "p"},
            "spec": {"containers": containers},
        }
        Path("pod.yaml").write_text(yaml.safe_dump(pod))
        run = log(capsys, "pod.yaml")
        pairs = zip(run["results"], fingerprints(run), strict=True)
        return [found for result, found in pairs if result["ruleId"] == "image-latest-tag"]

    [first] = latest("a")
    [second] = latest("b")
    assert first != second


def test_waived_findings_are_suppressed_or_omitted(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    waivers = ["--deny=full-access", "--waive", "full-access", "*", "it is [meant] to"]
    waivers += ["--waive", "read-secrets", "nobody[0]", "it is gone"]
    run = log(capsys, file, *waivers)
    [waived] = [result for result in run["results"] if result["ruleId"] == "full-access"]
    assert waived["suppressions"] == [{"kind": "external", "justification": "it is [meant] to"}]
    assert [result for result in run["results"] if "suppressions" in result] == [waived]
    [note] = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"] == (
        r"The waiver of read-secrets for nobody\[0\] does not match any finding."
    )
    omitted = log(capsys, file, "--omit-waived", *waivers)
    assert omitted["results"] == [result for result in run["results"] if result != waived]
    assert omitted["invocations"] == run["invocations"]


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a.yaml", "a.yaml"),
        ("./deploy/../a.yaml", "a.yaml"),
        ("deploy//a b.yaml", "deploy/a%20b.yaml"),
        ("a#b?.yaml", "a%23b%3F.yaml"),
        ("100%.yaml", "100%25.yaml"),
        ("a:b.yaml", "a%3Ab.yaml"),
        ("c:\\a.yaml", "c%3A%5Ca.yaml"),
        ("данные→.yaml", "%D0%B4%D0%B0%D0%BD%D0%BD%D1%8B%D0%B5%E2%86%92.yaml"),
        ("[a]{b}|<c>.yaml", "%5Ba%5D%7Bb%7D%7C%3Cc%3E.yaml"),
        ("\udcff.yaml", "%FF.yaml"),
    ],
)
@pytest.mark.parametrize("absolute", [False, True])
def test_uris_are_relative_and_percent_encoded(
    path: str, uri: str, absolute: bool, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path("deploy").mkdir(exist_ok=True)
    Path(path).write_text(Path(file).read_text())
    run = log(capsys, Path.cwd() / path if absolute else path)
    assert {tuple(artifact(result).items()) for result in run["results"]} == {
        (("uri", uri), ("uriBaseId", "%SRCROOT%"))
    }
    assert list(run["originalUriBaseIds"]) == ["%SRCROOT%"]
    assert str(Path.cwd()) not in json.dumps(run)


def test_a_working_directory_behind_a_link_is_relative(
    file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    run = log(capsys, tmp_path / "link" / file)
    assert {artifact(result)["uri"] for result in run["results"]} <= {
        "link/manifest.yaml",
        "manifest.yaml",
    }
    (tmp_path / "inner").mkdir()
    Path("inner/a.yaml").write_text(Path(file).read_text())
    monkeypatch.chdir(tmp_path / "inner")
    run = log(capsys, tmp_path / "link" / "inner" / "a.yaml")
    assert {artifact(result)["uri"] for result in run["results"]} == {"a.yaml"}


def test_a_file_outside_the_working_directory_has_an_absolute_uri(
    file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    uri = (tmp_path / file).as_uri()
    for path in (f"../{file}", str(tmp_path / file)):
        assert {artifact(result)["uri"] for result in log(capsys, path)["results"]} == {uri}


@pytest.mark.parametrize(
    ("runner", "flags", "uri"),
    [
        ("runner-prod", [], "kubiya-runner-runner-prod.yaml"),
        ("a/../b c", [], "kubiya-runner-a-..-b%20c.yaml"),
        ("runner-prod", ["--manifest-name=deploy/runner.yaml"], "deploy/runner.yaml"),
    ],
)
def test_the_manifest_of_a_runner_has_a_name(
    runner: str,
    flags: list[str],
    uri: str,
    manifest: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kubiya_pulumi.cli.manifest_download.download_manifest", lambda _: manifest)
    run = log(capsys, "--runner", runner, *flags)
    assert run["results"]
    assert {artifact(result)["uri"] for result in run["results"]} == {uri}
    assert run["automationDetails"]["id"] == f"kubiya-pulumi/review/{unquote(uri)}/"


def test_a_name_for_the_manifest_requires_one_without_a_name(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["review", file, "--manifest-name=a.yaml"]) == 2
    assert capsys.readouterr().err == (
        "review: --manifest-name requires --runner or standard input.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "category"),
    [
        (["manifest.yaml"], "manifest.yaml/"),
        (["./deploy/a.yaml"], "deploy/a.yaml/"),
        (["deploy"], "deploy/"),
        (["deploy/a.yaml", "deploy/b.yaml"], "deploy/"),
        (["deploy/a.yaml", "manifest.yaml"], ""),
        (["."], ""),
        (["manifest.yaml", "--category=prod"], "prod/"),
    ],
)
def test_analyses_of_one_commit_have_distinct_categories(
    arguments: list[str], category: str, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("deploy").mkdir()
    for target in ("deploy/a.yaml", "deploy/b.yaml"):
        Path(target).write_text(Path(file).read_text())
    run = log(capsys, *arguments)
    assert run["automationDetails"]["id"] == f"kubiya-pulumi/review/{category}"


@pytest.mark.slow
def test_too_many_results_are_truncated_and_counted(
    manifest: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Source.of("manifest.yaml", manifest)
    sources = Sources([source], ["manifest.yaml"], single=True)
    findings = review(source.objects, ManifestPolicy(deny=["note"])).findings
    count = 30_000
    many = [
        replace(finding, message=f"{finding.message} {number}")
        for number in range(count // len(findings) + 1)
        for finding in findings
    ]
    many.sort(key=lambda finding: finding.severity.rank)
    result = Review(findings=tuple(many))
    text = review_sarif.render(result, sources)
    [run] = json.loads(text)["runs"]
    assert len(run["results"]) == review_sarif.MAX_RESULTS == 25_000
    omitted = len(many) - 25_000
    assert review_sarif.omitted_results(result) == omitted
    [note] = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith(f"{omitted:,} findings are omitted")
    kept = Counter(entry["level"] for entry in run["results"])
    counts = Counter(finding.severity.value for finding in many)
    assert kept["note"] == counts["note"], "the policy denies all notes"
    assert kept["error"] == min(counts["error"], 25_000 - counts["note"])
    assert len(gzip.compress(text.encode())) < 10_000_000


def test_omitted_results_are_reported(
    file: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review_sarif, "MAX_RESULTS", 2)
    assert main(["review", file, "--format=sarif", "--deny=full-access"]) == 1
    out, err = capsys.readouterr()
    first, second = sarif(out)["results"]
    assert first["ruleId"] == "full-access"
    assert first["properties"]["denied"]
    assert not second["properties"]["denied"]
    omitted, denied = err.splitlines()
    assert omitted.endswith(" findings are omitted: see the log's notifications")
    assert denied.endswith(" has 1 finding that the policy denies")
