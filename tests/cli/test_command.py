"""The command line `kubiya-pulumi` itself."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version

import pytest

from kubiya_pulumi.cli.command_parsers import COMMANDS
from kubiya_pulumi.cli.main import main

EXTRAS = (
    *("anyio", "h11", "jsonschema", "kubernetes", "kubernetes_validate", "rich", "shtab"),
    *("starlette", "uvicorn"),
)
"""The modules of the optional dependencies."""


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    help_text = capsys.readouterr().out
    for command in COMMANDS:
        assert re.search(rf"^ +{command}\b", help_text, re.MULTILINE)
    assert re.search(r"emulator +serve a local Runners API", help_text)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_a_help_text(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    assert f"usage: kubiya-pulumi {command} " in capsys.readouterr().out


def test_each_command_has_a_help_text_without_extras() -> None:
    program = (
        "import sys\n"
        f"sys.modules.update(dict.fromkeys({EXTRAS}))\n"
        "from kubiya_pulumi.cli.main import main\n"
        f"for command in {tuple(COMMANDS)}:\n"
        "    try: main([command, '--help'])\n"
        "    except SystemExit as end: assert end.code == 0\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert process.stdout.count("usage: kubiya-pulumi ") == len(COMMANDS)
    assert process.stderr == ""


def test_the_package_runs_as_a_module() -> None:
    process = subprocess.run(
        [sys.executable, "-m", "kubiya_pulumi", "--version"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert process.stdout == f"kubiya-pulumi {version('kubiya-pulumi')}\n"


def test_without_arguments_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    output = capsys.readouterr()
    assert re.search(r"emulator +serve a local Runners API", output.err)
    assert output.out == ""


def test_the_version_is_the_version_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"kubiya-pulumi {version('kubiya-pulumi')}\n"


@pytest.mark.parametrize(
    ("arguments", "usage"),
    [
        (["other"], "usage: kubiya-pulumi [-h]"),
        (["--other"], "usage: kubiya-pulumi [-h]"),
        (["emulator", "--other"], "usage: kubiya-pulumi emulator [-h]"),
        (["review", "--form=json"], "usage: kubiya-pulumi review [-h]"),
    ],
)
def test_invalid_arguments(
    arguments: list[str], usage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith(usage)


def test_the_help_imports_no_command() -> None:
    program = (
        "import sys; from kubiya_pulumi.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted(n for n in sys.modules if 'emulator' in n or n.endswith('_command')\n"
        "             or n in {'uvicorn', 'starlette', 'pulumi', 'requests', 'rich', 'yaml'}))"
    )
    process = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert process.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_each_command_needs_no_extra(command: str) -> None:
    program = (
        "import sys\n"
        "for name in ('rich', 'starlette', 'uvicorn', 'anyio', 'h11', 'kubernetes',\n"
        "             'kubernetes_validate'): sys.modules[name] = None\n"
        "from kubiya_pulumi.cli.main import main\n"
        f"main([{command!r}, '--help'])"
    )
    process = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.startswith(f"usage: kubiya-pulumi {command} ")
