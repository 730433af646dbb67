"""`kubiya-pulumi emulator` as a process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from kubiya_pulumi.cli.main import main

KEY = {"Authorization": "UserKey secret-key"}


@contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """Yield a running emulator, the URL in its first line, and the next three lines."""
    process = subprocess.Popen(
        [sys.executable, "-m", "kubiya_pulumi", "emulator", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        first, *others = [process.stdout.readline() for _ in range(4)]
        match = re.fullmatch(r"Runners API emulator on (http://127\.0\.0\.1:\d+)\n", first)
        assert match, first
        yield process, match[1], "".join(others)
    finally:
        process.kill()
        process.communicate(timeout=30)


def stop(process: subprocess.Popen[str], signal_number: signal.Signals) -> tuple[int, str]:
    """Send a signal, and return the exit status and stderr."""
    process.send_signal(signal_number)
    _, stderr = process.communicate(timeout=30)
    return process.returncode, stderr


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_the_emulator_serves_logs_and_stops(signal_number: signal.Signals) -> None:
    with started() as (process, url, greeting):
        created = requests.post(f"{url}/api/v3/runners/a%20b?q=1", headers=KEY, timeout=10)
        requests.get(created.json()["manifest_url"], timeout=10)
        requests.post(f"{url}/_emulator/faults", json={"kind": "reset"}, timeout=10)
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{url}/api/v3/runners", headers=KEY, timeout=10)
        status, stderr = stop(process, signal_number)
    assert status == 0
    assert f"export KUBIYA_BASE_URL={url} KUBIYA_API_KEY=any-key" in greeting
    assert f"pulumi config set kubiya:baseUrl {url}" in greeting
    assert stderr.splitlines() == [
        "POST /api/v3/runners/a%20b 200",
        "GET /manifests/*** 200",
        "GET /api/v3/runners -",
    ]


def test_quiet_with_a_fixed_key() -> None:
    with started("--quiet", "--api-key", "pinned-secret", "--forbidden-key", "weak") as (
        process,
        url,
        greeting,
    ):
        for key, expected in (("pinned-secret", 200), ("weak", 403), ("other", 401)):
            headers = {"Authorization": f"UserKey {key}"}
            response = requests.get(f"{url}/api/v3/runners", headers=headers, timeout=10)
            assert response.status_code == expected
        status, stderr = stop(process, signal.SIGTERM)
    assert (status, stderr) == (0, "")
    assert "pinned-secret" not in greeting


def test_options_are_flags() -> None:
    with started("--form", "observed", "--list-as", "array", "--delete", "not_found") as (
        _,
        url,
        _,
    ):
        options = requests.get(f"{url}/_emulator/options", timeout=10).json()
        assert (options["form"], options["list_as"]) == ("observed", "array")
        assert options["delete"] == "not_found"
        assert requests.get(f"{url}/api/v3/runners", headers=KEY, timeout=10).json() == []


def test_the_state_survives_a_kill(tmp_path: Path) -> None:
    state = str(tmp_path / "state.db")
    urls = []
    with started("--state", state) as (process, url, _):
        for number in range(20):
            created = requests.post(f"{url}/api/v3/runners/r{number}", headers=KEY, timeout=10)
            urls.append(created.json()["manifest_url"].removeprefix(url))
        text = requests.get(url + urls[0], timeout=10).text
        process.kill()
        process.wait(30)
    with started("--state", state) as (_, url, _):
        listed = requests.get(f"{url}/api/v3/runners", headers=KEY, timeout=10).json()
        assert [runner["name"] for runner in listed] == [f"r{number}" for number in range(20)]
        assert requests.get(url + urls[0], timeout=10).text == text


def test_the_url_file_exists_while_the_emulator_runs(tmp_path: Path) -> None:
    file = tmp_path / "url"
    with started("--url-file", str(file)) as (process, url, _):
        assert file.read_text() == f"{url}\n"
        assert [path.name for path in tmp_path.iterdir()] == ["url"]
        assert stop(process, signal.SIGTERM)[0] == 0
    assert not file.exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--host", "0.0.0.0"], r"The host 0\.0\.0\.0 can be reached from other machines.*\."),
        (["--port", "70000"], r"The port must be a number from 0 to 65535, not 70000\."),
        (["--state", "."], r"The state file \. cannot be opened: Is a directory\."),
        (["--follow-cluster", "missing"], r"The kubeconfig missing does not exist\."),
        (["--latency-seconds", "-1"], r'The option "latency_seconds" must be a finite number.*\.'),
        (["--api-key", ""], r'The option "api_key" must be a non-empty string.*\.'),
        (
            ["--url-file", "missing/url"],
            r"emulator: the URL file missing/url cannot be written:.*\.",
        ),
    ],
)
def test_a_failed_start_prints_one_sentence(
    arguments: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["emulator", *arguments]) == 2
    output = capsys.readouterr()
    assert re.fullmatch(f"{sentence}\n", output.err)
    assert not output.out
    assert list(tmp_path.iterdir()) == []


def test_the_url_file_replaces_only_a_regular_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A rename would replace a device such as /dev/null, and the end would delete it."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert main(["emulator", "--url-file", str(pipe)]) == 2
    sentence = f"emulator: the URL file {pipe} is not a regular file: name another one.\n"
    assert capsys.readouterr().err == sentence
    assert pipe.is_fifo()


def test_a_port_in_use_prints_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with started() as (_, url, _):
        assert main(["emulator", "--port", url.rpartition(":")[2]]) == 2
    sentence = r"The emulator cannot listen on port \d+ of .*: Address already in use; .*\.\n"
    assert re.fullmatch(sentence, capsys.readouterr().err)


def test_a_missing_extra_prints_how_to_install_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module_name in [
        module for module in sys.modules if module.startswith("kubiya_pulumi.emulator")
    ]:
        monkeypatch.delitem(sys.modules, module_name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["emulator"]) == 2
    assert "pip install 'kubiya-pulumi[emulator]'" in capsys.readouterr().err
