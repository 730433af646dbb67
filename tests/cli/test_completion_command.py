"""The command `completion`, with the shells that are installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kubiya_pulumi.cli.command_parsers import COMMANDS
from kubiya_pulumi.cli.completion_command import SHELLS
from kubiya_pulumi.cli.main import main


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["completion", shell]) == 0
    output = capsys.readouterr()
    assert output.err == ""
    return output.out


def complete(completion: str, *words: str, folder: Path) -> list[str]:
    """Return what bash offers for the last word."""
    line = " ".join(f"'{word}'" for word in words)
    program = (
        f"{completion}\n"
        f"COMP_WORDS=({line}) COMP_CWORD={len(words) - 1}\n"
        "function=$(complete -p kubiya-pulumi | sed 's/.*-F \\([^ ]*\\).*/\\1/')\n"
        "$function\n"
        "printf '%s\\n' \"${COMPREPLY[@]}\"\n"
    )
    bash = shutil.which("bash")
    assert bash is not None
    process = subprocess.run(
        [bash, "--norc", "-c", program],
        cwd=folder, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert process.stderr == ""
    return process.stdout.split()


def test_bash_completes_commands_arguments_and_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "manifest.yaml").touch()
    completion = script("bash", capsys)
    assert complete(completion, "kubiya-pulumi", "", folder=tmp_path) == list(COMMANDS)
    assert complete(completion, "kubiya-pulumi", "re", folder=tmp_path) == ["review"]
    flags = complete(completion, "kubiya-pulumi", "review", "--f", folder=tmp_path)
    assert "--format" in flags
    assert complete(completion, "kubiya-pulumi", "completion", "", folder=tmp_path) == list(SHELLS)
    assert "manifest.yaml" in complete(completion, "kubiya-pulumi", "review", "", folder=tmp_path)


@pytest.mark.parametrize("shell", SHELLS)
def test_each_script_contains_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    completion = script(shell, capsys)
    for command in COMMANDS:
        assert command in completion


def test_without_the_extra_the_message_names_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 2
    assert capsys.readouterr() == (
        "",
        "completion: the script requires an extra: pip install 'kubiya-pulumi[cli]'\n",
    )
