"""`kubiya-pulumi review` of several files and of folders."""

from __future__ import annotations

import io
import json
import os
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubiya_pulumi.cli.main import main
from kubiya_pulumi.review import Review
from tests.cli.rendered import sarif
from tests.preview_report.preview_builders import binding, role, rule

ROLE = role("wide", rules=[rule("*", "*", "*")])
BINDING = binding("wide", role_name="wide")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    return tmp_path


def config_map(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}


def write(path: str, *objects: Any, before: str = "") -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(before + yaml.safe_dump_all(objects))
    return path


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["review", "--format=json", *arguments]) == 0
    return dict(json.loads(capsys.readouterr().out))


def reviewed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """Return the names of the files that are reviewed."""
    return [entry["file"] for entry in as_json(capsys, *arguments)["files"]]


def failure(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """Return the lines of stderr of a review that fails."""
    assert main(["review", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    return [line.removeprefix("review: ") for line in err.splitlines()]


def test_the_objects_of_all_files_are_reviewed_together(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, second = write("a.yaml", ROLE), write("b.yaml", BINDING)
    result = as_json(capsys, first, second)
    assert [grant["role"] for grant in result["grants"]] == ["ClusterRole/wide"]
    assert [entry["kind"] for entry in result["objects"]] == ["ClusterRole", "ClusterRoleBinding"]
    assert Review.from_dict(result).findings
    assert "sha256" not in result


@pytest.mark.parametrize("form", ["table", "json", "markdown", "sarif"])
def test_each_format_has_the_file_the_line_and_the_hash(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [write("deploy/a.yaml", BINDING), write("b c.yaml", ROLE, before="# one\n\n# three\n")]
    assert main(["review", *files, f"--format={form}"]) == 0
    out = capsys.readouterr().out
    if form == "sarif":
        found = {
            (
                place["artifactLocation"]["uri"],
                place["region"]["startLine"],
            )
            for result in sarif(out)["results"]
            for place in [result["locations"][0]["physicalLocation"]]
        }
        assert found == {("deploy/a.yaml", 1), ("b%20c.yaml", 4)}
        return
    for file in files:
        assert file in out
        assert sha256(Path(file).read_bytes()).hexdigest() in out
    if form == "json":
        places = [entry["locations"] for entry in json.loads(out)["findings"]]
        assert [{"file": "deploy/a.yaml", "line": 1}] in places
        assert [{"file": "b c.yaml", "line": 4}] in places
    else:
        assert "(b c.yaml:4)" in out
        assert "(deploy/a.yaml:1)" in out


def test_one_file_keeps_the_shape_of_its_json(capsys: pytest.CaptureFixture[str]) -> None:
    write("deploy/a.yaml", ROLE)
    result = as_json(capsys, "deploy/a.yaml")
    keys = Review().to_dict().keys()
    assert result.keys() == {"sha256", *keys}
    assert result == {"sha256": result["sha256"], **Review.from_dict(result).to_dict()}
    assert as_json(capsys, "deploy").keys() == {"files", *keys}


def test_an_object_in_two_files_has_two_locations(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.yaml", ROLE, BINDING)
    write("b.yaml", ROLE)
    assert main(["review", "a.yaml", "b.yaml", "--format=sarif"]) == 0
    [result] = [
        result
        for result in sarif(capsys.readouterr().out)["results"]
        if result["ruleId"] == "full-access"
    ]
    places = [*result["locations"], *result["relatedLocations"]]
    uris = [place["physicalLocation"]["artifactLocation"]["uri"] for place in places]
    assert uris == ["a.yaml", "b.yaml"]


def test_a_folder_is_searched_recursively_and_sorted(capsys: pytest.CaptureFixture[str]) -> None:
    expected = [
        "deploy/.hidden.yaml",
        "deploy/.hidden/a.yaml",
        "deploy/a/z.YML",
        "deploy/a.yaml",
        "deploy/b.json",
        "deploy/b.yml",
        "deploy/z/deeper/a.yaml",
    ]
    for number, path in enumerate(reversed(expected)):
        write(path, config_map(f"c{number}"))
    Path("deploy/b.json").write_text(json.dumps(config_map("json")))
    write("deploy/notes.txt", config_map("ignored"))
    write("deploy/yaml", config_map("ignored"))
    Path("deploy/folder.yaml").mkdir()
    found = reviewed(capsys, "deploy")
    assert sorted(found) == sorted(expected)
    assert found == [path.as_posix() for path in sorted(map(Path, expected))]
    assert reviewed(capsys, "./deploy/") == found
    assert reviewed(capsys, ".") == found


def test_each_file_is_reviewed_once(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    file = write("deploy/a.yaml", config_map("a"))
    Path("deploy/b.yaml").symlink_to("a.yaml")
    Path("deploy/loop").symlink_to(folder / "deploy", target_is_directory=True)
    Path("deploy/inner").mkdir()
    Path("deploy/inner/up").symlink_to("..", target_is_directory=True)
    Path("deploy/inner/self").symlink_to("self", target_is_directory=True)
    assert reviewed(capsys, "deploy") == [file]
    arguments = (file, "deploy", str(folder / file), "deploy/loop", "./deploy/../deploy/a.yaml")
    assert reviewed(capsys, *arguments) == [file]


def test_linked_folders_are_searched(capsys: pytest.CaptureFixture[str]) -> None:
    write("other/a.yaml", config_map("a"))
    write("deploy/b.yaml", config_map("b"))
    Path("deploy/linked").symlink_to("../other", target_is_directory=True)
    assert reviewed(capsys, "deploy") == ["deploy/b.yaml", "deploy/linked/a.yaml"]


def test_files_that_are_not_manifests_fail_all_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    write("deploy/good.yaml", config_map("a"))
    Path("deploy/empty.yaml").write_text("")
    Path("deploy/kustomization.yaml").write_text("resources: [good.yaml]\n")
    Path("deploy/template.yaml").write_text("kind: {{ .Values.kind }}\n")
    Path("deploy/values.yml").write_text("image: secret-in-it\n")
    Path("deploy/list.json").write_text("[1, 2]")
    Path("deploy/binary.yaml").write_bytes(b"\xff\x00")
    Path("deploy/broken.yaml").symlink_to("missing")
    os.mkfifo("deploy/pipe.yaml")
    *lines, advice = failure(capsys, "deploy", "missing.yaml")
    names = ("binary", "broken", "empty", "kustomization", "pipe", "template", "values", "missing")
    for name in names:
        assert any(f"/{name}.y" in line or f" {name}.y" in line for line in lines), name
    assert any("deploy/list.json" in line for line in lines)
    assert len(lines) == len(names) + 1
    assert "good.yaml" not in "".join(lines)
    assert "secret-in-it" not in "".join(lines)
    assert advice == "leave out files that are not manifests with --exclude"


def test_a_single_bad_file_in_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    write("deploy/values.yaml")
    assert failure(capsys, "deploy") == [
        "the file deploy/values.yaml is empty",
        "leave out files that are not manifests with --exclude",
    ]


@pytest.mark.parametrize("form", ["table", "json", "markdown", "sarif"])
def test_a_bad_file_beside_a_good_one_prints_no_review(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write("a.yaml", config_map("a"))
    Path("b.yaml").write_text("")
    assert failure(capsys, "a.yaml", "b.yaml", f"--format={form}") == ["the file b.yaml is empty"]


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        (["values.yaml"], ["a.yaml", "charts/b.yaml", "charts/x/c.yaml", "kustomization.yaml"]),
        (["charts"], ["a.yaml", "kustomization.yaml", "values.yaml"]),
        (["charts/"], ["a.yaml", "kustomization.yaml", "values.yaml"]),
        (["charts/x/*"], ["a.yaml", "charts/b.yaml", "kustomization.yaml", "values.yaml"]),
        (["deploy/charts/*"], ["a.yaml", "kustomization.yaml", "values.yaml"]),
        (["x", "[kv]*"], ["a.yaml", "charts/b.yaml"]),
        (["A.yaml", "yaml", "a"], None),
    ],
)
@pytest.mark.parametrize("path", ["deploy", "./deploy/"])
def test_excluded_files_and_folders(
    path: str,
    patterns: list[str],
    left: list[str] | None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    everything = ["a.yaml", "charts/b.yaml", "charts/x/c.yaml", "kustomization.yaml", "values.yaml"]
    for name in everything:
        write(f"deploy/{name}", config_map(name.replace("/", ".")))
    excluded = [f"--exclude={pattern}" for pattern in patterns]
    found = reviewed(capsys, path, *excluded)
    assert found == [f"deploy/{name}" for name in (everything if left is None else left)]


def test_a_file_that_is_named_is_never_excluded(capsys: pytest.CaptureFixture[str]) -> None:
    files = [write("a.yaml", config_map("a")), write("b.yaml", config_map("b"))]
    assert reviewed(capsys, *files, "--exclude=*") == files


def test_a_folder_without_manifests(capsys: pytest.CaptureFixture[str]) -> None:
    write("deploy/notes.txt", config_map("a"))
    assert failure(capsys, "deploy") == [
        "the folder deploy contains no file *.yaml, *.yml, *.json."
    ]
    write("deploy/a.yaml", config_map("a"))
    [line] = failure(capsys, "deploy", "--exclude=a*")
    assert line.endswith("*.yml, *.json that --exclude does not leave out.")


def test_an_empty_path_is_not_the_working_directory(capsys: pytest.CaptureFixture[str]) -> None:
    """As in `kubiya-pulumi review "$FILE"` without this variable."""
    write("a.yaml", config_map("a"))
    [line] = failure(capsys, "")
    assert line == 'the file "" cannot be read: No such file or directory.'


def test_standard_input_beside_a_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.yaml", ROLE)
    for flags, name in (([], "stdin"), (["--manifest-name=b.yaml"], "b.yaml")):
        text = io.TextIOWrapper(io.BytesIO(yaml.safe_dump(BINDING).encode()))
        monkeypatch.setattr(sys, "stdin", text)
        assert reviewed(capsys, "a.yaml", "-", "-", *flags) == ["a.yaml", name]


def test_denied_findings_of_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = io.TextIOWrapper(io.BytesIO(yaml.safe_dump_all([ROLE, BINDING]).encode()))
    monkeypatch.setattr(sys, "stdin", text)
    flags = ["--format=json", "--deny=full-access", "--manifest-name=a.yaml"]
    assert main(["review", *flags]) == 1
    assert capsys.readouterr().err == ("review: the input has 1 finding that the policy denies\n")


def test_denied_findings_of_several_files(capsys: pytest.CaptureFixture[str]) -> None:
    write("deploy/a.yaml", ROLE, BINDING)
    write("b.yaml", config_map("b"))
    assert main(["review", "deploy", "b.yaml", "--format=json", "--deny=full-access"]) == 1
    assert capsys.readouterr().err == (
        "review: the manifest in deploy, b.yaml has 1 finding that the policy denies\n"
    )


def test_options_may_stand_before_and_after_the_paths(capsys: pytest.CaptureFixture[str]) -> None:
    files = [write("a.yaml", config_map("a")), write("b.yaml", config_map("b"))]
    for arguments in (["--deny=error", *files], [*files, "--deny", "error"]):
        assert reviewed(capsys, *arguments) == files
    with pytest.raises(SystemExit) as caught:
        main(["review", *files, "--runner=a"])
    assert caught.value.code == 2
