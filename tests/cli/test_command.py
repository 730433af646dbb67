"""The command line itself."""

import subprocess
import sys
from importlib.metadata import version

import pytest

from kubiya_pulumi.cli.main import main


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    assert "emulator        a local Runners API" in capsys.readouterr().out


def test_without_arguments_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    written = capsys.readouterr()
    assert "emulator        a local Runners API" in written.err
    assert written.out == ""


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"kubiya-pulumi {version('kubiya-pulumi')}\n"


@pytest.mark.parametrize("arguments", [["other"], ["--other"], ["emulator", "--other"]])
def test_arguments_that_cannot_be(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: kubiya-pulumi" in capsys.readouterr().err


def test_a_command_is_imported_only_when_it_is_asked_for() -> None:
    program = (
        "import sys; from kubiya_pulumi.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted(n for n in sys.modules if 'emulator' in n or n in {'uvicorn', 'starlette'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_output_that_nobody_reads_ends_without_a_traceback() -> None:
    """As in `kubiya-pulumi review | head`, where the rest of the output has nowhere to go."""
    many = "\n---\n".join(
        f"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c{n}}}}}" for n in range(2_000)
    )
    with subprocess.Popen(
        [sys.executable, "-m", "kubiya_pulumi.cli.main", "review", "--format=json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        _, errors = process.communicate(many, timeout=60)
    assert (process.returncode, errors) == (1, "")
