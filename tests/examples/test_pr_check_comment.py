"""`comment.py` of the example posts one comment and then updates it."""

from __future__ import annotations

import contextlib
import io
import os
import runpy
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from unittest import mock

import pytest

from tests.examples.fake_forge_server import TOKEN, Forge, GitHub, GitLab
from tests.harness.toolchain import ROOT

MARKER = "<!-- kubiya-pulumi preview-report pr-check/dev -->"
FIRST, SECOND = f"{MARKER}\n## One to create\n", f"{MARKER}\n## Nothing to do – “really” 🎉\n"


@pytest.fixture(params=[GitHub, GitLab])
def forge(request: pytest.FixtureRequest) -> Iterator[Forge]:
    with request.param() as running:
        yield running


class Comment:
    """The example's `comment.py`, in its own directory."""

    def __init__(self, folder: Path, forge: Forge) -> None:
        self._script = Path(shutil.copy(ROOT / "examples/pr-check/comment.py", folder))
        self._report = folder / "report.md"
        github_env = {"GITHUB_TOKEN": TOKEN, "PULL_REQUEST": "7"}
        self.env = forge.environment() | (
            github_env if isinstance(forge, GitHub) else {"GITLAB_TOKEN": TOKEN}
        )

    def post(self, report: str) -> str:
        """Post a report, and return the output."""
        process = self._run(report)
        assert process.returncode == 0, process.stderr
        assert process.stderr == ""
        return process.stdout

    def fail(self, report: str | None = FIRST) -> str:
        """Post a report that cannot be posted, and return the error."""
        process = self._run(report)
        assert (process.returncode, process.stdout) == (1, "")
        assert "Traceback" not in process.stderr
        assert TOKEN not in process.stderr
        return process.stderr

    def _run(self, report: str | None) -> subprocess.CompletedProcess[str]:
        if report is not None:
            self._report.write_text(report)
        return self._start({**self.env, "NO_PROXY": "127.0.0.1"})

    def _start(self, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run the script in this process, which saves the start of Python and of requests."""
        status, out, err = 0, io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, env, clear=True),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                runpy.run_path(str(self._script), run_name="__main__")
            except SystemExit as end:
                # Python does the same at the end of a process.
                status = 1
                err.write(f"{end.code}\n")
        return subprocess.CompletedProcess([], status, out.getvalue(), err.getvalue())


class CommentProcess(Comment):
    """The same, in a process of its own."""

    def _start(self, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, self._script], env=env, capture_output=True, text=True, check=False
        )


@pytest.fixture
def comment(tmp_path: Path, forge: Forge) -> Comment:
    return Comment(tmp_path, forge)


def test_the_first_run_posts_and_the_next_updates(forge: Forge, comment: Comment) -> None:
    forge.add("reviewer", "Good to merge")
    assert comment.post(FIRST) == "posted comment 101\n"
    assert forge.comments[101] == (forge.bot, FIRST)
    assert comment.post(SECOND) == "updated comment 101\n"
    assert list(forge.comments.values()) == [("reviewer", "Good to merge"), (forge.bot, SECOND)]


def test_a_job_starts_the_script(tmp_path: Path, forge: Forge) -> None:
    comment = CommentProcess(tmp_path, forge)
    assert comment.post(FIRST) == "posted comment 100\n"
    assert forge.comments == {100: (forge.bot, FIRST)}
    comment.env = {name: value.replace(TOKEN, "other") for name, value in comment.env.items()}
    assert " returned 401 to GET /" in comment.fail()


def test_the_comment_is_found_on_a_later_page(forge: Forge, comment: Comment) -> None:
    for number in range(5):
        forge.add("reviewer", f"Remark {number}")
    own = forge.add(forge.bot, FIRST.replace("\n", "\r\n"))
    forge.add("reviewer", "One more")
    assert comment.post(SECOND) == f"updated comment {own}\n"
    assert forge.comments[own] == (forge.bot, SECOND)
    assert len(forge.comments) == 7


@pytest.mark.parametrize(
    ("author", "text"),
    [
        ("somebody", FIRST),
        (None, f"> {FIRST}"),
        (None, FIRST.replace("dev", "prod")),
        (None, ""),
    ],
    ids=["another author", "quoted", "another stack", "empty"],
)
def test_other_comments_are_not_changed(
    forge: Forge, comment: Comment, author: str | None, text: str
) -> None:
    other = forge.add(author or forge.bot, text)
    assert comment.post(SECOND) == "posted comment 101\n"
    assert forge.comments[other] == (author or forge.bot, text)


@pytest.mark.parametrize("status", [403, 500, 302])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_error_response(forge: Forge, comment: Comment, method: str, status: int) -> None:
    forge.fail[method] = (status, "Resource not accessible")
    error = comment.fail()
    assert f"comment: {type(forge).__name__} returned {status} to {method} /" in error
    assert "'Resource not accessible'. The token needs " in error
    assert forge.comments == {}
    assert not any("elsewhere" in call for call in forge.calls)


def test_a_rejected_update(forge: Forge, comment: Comment) -> None:
    own = forge.add(forge.bot, FIRST)
    forge.fail[forge.update_method] = (403, "Resource not accessible")
    assert f"returned 403 to {forge.update_method} {forge.one}/{own}: " in comment.fail(SECOND)
    assert forge.comments == {own: (forge.bot, FIRST)}


def test_an_invalid_token(forge: Forge, comment: Comment) -> None:
    comment.env = {name: value.replace(TOKEN, "other") for name, value in comment.env.items()}
    assert " returned 401 to GET /" in comment.fail()


def test_a_response_that_is_not_json(forge: Forge, comment: Comment) -> None:
    forge.fail["GET"] = (200, "<html>")
    assert f"failed at {forge.url}: JSONDecodeError" in comment.fail()


def test_a_refused_connection_to_the_forge(forge: Forge, comment: Comment) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        comment.env = {key: value.replace(forge.url, address) for key, value in comment.env.items()}
        assert f"failed at {address}: ConnectionError" in comment.fail()


def test_the_token_is_not_sent_to_another_address(forge: Forge, comment: Comment) -> None:
    for number in range(3):
        forge.add("reviewer", f"Remark {number}")
    with type(forge)() as other:
        forge.next_page = f"{other.url}{other.thread}"
        assert "returned the URL of a next page at another address" in comment.fail()
        assert other.calls == []


def test_without_a_report(comment: Comment) -> None:
    error = comment.fail(report=None)
    assert error == "comment: report.md does not exist; run preview-report.sh first\n"


@pytest.mark.parametrize("service", [GitHub, GitLab])
def test_a_missing_variable(tmp_path: Path, service: type[Forge]) -> None:
    with service() as forge:
        for name in Comment(tmp_path, forge).env:
            comment = Comment(tmp_path, forge)
            if name != "GITLAB_CI":
                del comment.env[name]
                assert comment.fail() == f"comment: the environment variable {name} is not set\n"
