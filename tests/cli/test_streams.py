"""Output in any encoding, and the status of everything that is not expected."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kubiya_pulumi.cli import emulator_command, manifest_files, review_command, schema_command
from kubiya_pulumi.cli.main import DEBUG_VARIABLE, main
from kubiya_pulumi.emulator import Emulator

# Each test starts processes.
pytestmark = pytest.mark.slow

PATH = "/srv/данные→"
POD = f"""\
apiVersion: v1
kind: Pod
metadata: {{name: app, namespace: default}}
spec:
  containers: [{{name: app, image: "registry.example.com/app:1"}}]
  volumes: [{{name: d, hostPath: {{path: "{PATH}"}}}}]
"""
PREVIEW = json.dumps(
    {
        "steps": [
            {
                "op": "create",
                "urn": "urn:pulumi:dev::данные→::random:index:Pet::данные→",
                "newState": {"inputs": {}},
            }
        ],
        "duration": 1,
    }
)
ENCODINGS: list[dict[str, str]] = [
    {"PYTHONUTF8": "0", "PYTHONIOENCODING": "cp1252"},
    {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
    {"PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1:strict"},
    {"PYTHONUTF8": "0", "PYTHONIOENCODING": "cp437"},
    {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"},
    {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "POSIX"},
]
COMMANDS = {
    "table": ["review", "pod.yaml"],
    "json": ["review", "pod.yaml", "--format=json"],
    "markdown": ["review", "pod.yaml", "--format=markdown"],
    "sarif": ["review", "pod.yaml", "--format=sarif"],
    "preview-report": ["preview-report", "preview.json"],
    "schema": ["schema"],
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("pod.yaml").write_text(POD, encoding="utf-8")
    Path("preview.json").write_text(PREVIEW, encoding="utf-8")
    return tmp_path


def run(arguments: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
    env = os.environ | options.pop("env", {})
    return subprocess.run(
        [sys.executable, "-m", "kubiya_pulumi", *arguments],
        env=env,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
        **{"stdout": subprocess.PIPE} | options,
    )


def shell(script: str) -> tuple[int, str]:
    """Run a shell script in which `$COMMAND` is the command line; return its status and stderr."""
    command = f"{sys.executable} -m kubiya_pulumi"
    process = subprocess.run(
        ["bash", "-c", script],
        env=os.environ | {"COMMAND": command},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return process.returncode, process.stderr


@pytest.mark.parametrize("env", ENCODINGS, ids=lambda env: " ".join(env.values()))
@pytest.mark.parametrize("command", COMMANDS)
def test_a_redirect_gets_utf_8_on_a_system_of_any_encoding(
    command: str, env: dict[str, str]
) -> None:
    process = run(COMMANDS[command], env=env)
    assert (process.returncode, process.stderr) == (0, b"")
    text = process.stdout.decode("utf-8", "strict")
    if command in ("json", "sarif", "schema"):
        assert text.isascii()
        text = json.dumps(json.loads(text), ensure_ascii=False)
    if command != "schema":
        assert "данные→" in text


@pytest.mark.parametrize("env", ENCODINGS, ids=lambda env: " ".join(env.values()))
def test_messages_are_utf_8_on_a_system_of_any_encoding(env: dict[str, str]) -> None:
    process = run(["review", os.fsencode("данные→.yaml")], env=env)  # type: ignore[list-item]
    assert (process.returncode, process.stdout) == (2, b"")
    message = process.stderr.decode("utf-8", "strict")
    assert message == ("review: the file данные→.yaml cannot be read: No such file or directory.\n")


def test_a_terminal_of_another_encoding_shows_escape_sequences() -> None:
    reader, writer = pty.openpty()
    try:
        env = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1", "TERM": "dumb", "COLUMNS": "200"}
        process = run(["review", "pod.yaml"], stdout=writer, env=env)
        os.close(writer)
        output = b""
        while chunk := read(reader):
            output += chunk
    finally:
        os.close(reader)
    assert (process.returncode, process.stderr) == (0, b"")
    assert r"/srv/\u0434\u0430\u043d\u043d\u044b\u0435\u2192" in output.decode("latin-1")


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # Linux reports the end of a terminal as an error.
        return b""


def test_the_greeting_and_the_url_file_of_the_emulator(folder: Path) -> None:
    command = [sys.executable, "-m", "kubiya_pulumi", "emulator", "--url-file", "url→"]
    with subprocess.Popen(
        command, env=os.environ | ENCODINGS[0], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"Runners API emulator on http://127.0.0.1:")
        assert (folder / "url→").read_bytes().startswith(b"http://127.0.0.1:")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert not (folder / "url→").exists()


@pytest.mark.parametrize(
    ("command", "unbuffered"),
    [
        *((command, unbuffered) for command in [*COMMANDS, "emulator"] for unbuffered in ("", "1")),
        ("help", ""),  # Without a buffer, argparse itself ignores the error.
    ],
)
def test_an_output_that_cannot_be_written_has_status_2(
    command: str, unbuffered: str, folder: Path
) -> None:
    arguments = {"help": ["review", "--help"], "emulator": ["emulator", "--url-file=url"]}
    with Path("/dev/full").open("wb") as full:
        env = {"PYTHONUNBUFFERED": unbuffered}
        process = run((COMMANDS | arguments)[command], stdout=full, env=env)
    name = (COMMANDS | arguments)[command][0]
    assert process.returncode == 2
    assert process.stderr.decode() == (
        f"{name}: the output cannot be written: No space left on device.\n"
    )
    assert not (folder / "url").exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_closed_pipe_has_status_2(command: str) -> None:
    """As in `kubiya-pulumi review | head`, where `head` may close the pipe early."""
    reader, writer = os.pipe()
    os.close(reader)
    process = run([*COMMANDS[command]], stdout=writer)
    os.close(writer)
    assert process.returncode == 2
    assert process.stderr.decode() == (
        f"{COMMANDS[command][0]}: the output cannot be written: Broken pipe.\n"
    )


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_an_output_that_is_only_read_in_part_has_status_2(unbuffered: str) -> None:
    status, errors = shell(
        f"set -o pipefail; export PYTHONUNBUFFERED={unbuffered}; "
        "for n in $(seq 300); do echo '---'; cat pod.yaml; done > large.yaml; "
        "$COMMAND review large.yaml --format=json --deny='*' | head -1 >/dev/null"
    )
    assert (status, errors.count("\n")) == (2, 1)


@pytest.mark.parametrize("command", COMMANDS)
def test_closed_standard_streams(command: str) -> None:
    arguments = " ".join(f"'{argument}'" for argument in COMMANDS[command])
    assert shell(f"$COMMAND {arguments} >&-") == (
        2,
        "kubiya-pulumi: the output cannot be written: standard output is closed.\n".replace(
            "kubiya-pulumi", COMMANDS[command][0]
        ),
    )
    assert shell(f"$COMMAND {arguments} 2>&-") == (0, "")
    assert shell(f"$COMMAND {arguments} <&-") == (0, "")


def test_a_closed_standard_error_keeps_the_status() -> None:
    assert shell("$COMMAND review pod.yaml --deny='*' 2>&-")[0] == 1
    assert shell("$COMMAND review pod.yaml --deny='*' 2>/dev/full")[0] == 1
    assert shell("$COMMAND review missing.yaml 2>/dev/full")[0] == 2


def test_a_closed_standard_input() -> None:
    sentence = "review: the input cannot be read: standard input is closed.\n"
    assert shell("$COMMAND review <&-") == (2, sentence)


def test_an_interrupt_has_status_130(folder: Path) -> None:
    os.mkfifo("pipe")
    with subprocess.Popen(
        [sys.executable, "-m", "kubiya_pulumi", "review", "pipe"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        # Opening the pipe waits until the command reads from it.
        pipe = Path("pipe").open("wb")  # noqa: SIM115
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        pipe.close()
    assert (process.returncode, out, err) == (130, "", "review: interrupted\n")


FAILURES = [
    KeyError("the-secret"),
    RecursionError("the-secret"),
    MemoryError(),
    AssertionError("the-secret\nand more"),
    PermissionError(13, "the-secret"),
    ModuleNotFoundError("the-secret", name="pulumi"),
    UnicodeEncodeError("ascii", "the-secret", 0, 1, "x"),
]


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    ("module", "function", "arguments"),
    [
        (review_command, "review", ["review", "pod.yaml"]),
        (review_command, "_render", ["review", "pod.yaml", "--deny=*"]),
        (review_command, "configure", ["review"]),
        (schema_command, "schema", ["schema"]),
        (emulator_command, "_print_greeting", ["emulator"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_unexpected_error_is_one_sentence(
    module: Any,
    function: str,
    arguments: list[str],
    error: BaseException,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(module, function, fail)
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        f"{arguments[0]}: unexpected {type(error).__name__}: this is an error of kubiya-pulumi; "
        f"set {DEBUG_VARIABLE}=1, which shows its traceback, and report it.\n"
    )
    monkeypatch.setenv(DEBUG_VARIABLE, "1")
    assert main(arguments) == 2
    traceback, sentence = capsys.readouterr().err.rstrip("\n").rsplit("\n", 1)
    assert traceback.startswith("Traceback (")
    assert f"{arguments[0]}: unexpected " in sentence


def no_permission(*_: object, **__: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_a_file_without_permission(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.open", no_permission)
    for command in ("review", "preview-report"):
        assert main([command, "pod.yaml"]) == 2
        assert capsys.readouterr().err == (
            f"{command}: the file pod.yaml cannot be read: Permission denied.\n"
        )


def test_a_folder_without_permission(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def scandir(path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(manifest_files.os, "scandir", scandir)
    assert main(["review", str(folder)]) == 2
    assert capsys.readouterr().err == (
        f"review: the folder {folder} cannot be read: Permission denied.\n"
    )


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"\x7fELF\x02\x01\x01\x00", "ü".encode("cp1252")]
)
@pytest.mark.parametrize("command", ["review", "preview-report"])
def test_a_file_that_is_not_text(
    command: str, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("binary").write_bytes(content)
    assert main([command, "binary"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(rf"{command}: the file binary \S.*\n", err)


def test_a_name_that_is_not_text_or_has_control_characters() -> None:
    process = run(["review", b"\xff\x1b[31m\n.yaml"])  # type: ignore[list-item]
    assert process.returncode == 2
    assert process.stderr == (
        b"review: the file \\xff[31m.yaml cannot be read: No such file or directory.\n"
    )


def test_the_emulator_fails_without_a_traceback_if_its_url_file_cannot_be_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["emulator", "--url-file", "missing/url"]) == 2
    assert capsys.readouterr().err == (
        "emulator: the URL file missing/url cannot be written: No such file or directory.\n"
    )


def test_a_download_that_is_denied_and_one_that_fails(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Emulator() as emulator:
        emulator.add_runner("a")
        monkeypatch.setenv("KUBIYA_BASE_URL", emulator.url)
        monkeypatch.setenv("KUBIYA_API_KEY", emulator.api_key)
        assert main(["review", "--runner=a", "--deny=*"]) == 1
        assert main(["review", "--runner=b", "--deny=*"]) == 2
    assert "Traceback" not in capsys.readouterr().err
