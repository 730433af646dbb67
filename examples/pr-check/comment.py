#!/usr/bin/env python3
"""Post report.md as a comment on the pull request (GitHub) or merge request (GitLab).

The first line of the report is a marker that nobody sees. The comment of one's own that begins
with it is updated, so there is one comment for a stack and not one for each push.

GitHub: GITHUB_TOKEN, and PULL_REQUEST, its number. GitLab: GITLAB_TOKEN, with the scope `api`.
All else is set by the service that runs the job.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

REPORT = Path(__file__).with_name("report.md")
SECONDS = 30
"""How long to wait for each answer."""


class CommentError(Exception):
    """The comment was not posted. The message says why."""


@dataclass(frozen=True)
class Thread:
    """The comments of a pull request or merge request, and how its service calls things."""

    service: str
    api: str
    token: str
    comments: str
    """Path of the list."""
    comment: str
    """Path of a single one, without its id."""
    change: str
    """Method that changes one."""
    author: tuple[str, str]
    """Where a comment has its author's name."""
    own_name: str | None
    """The name that the token's comments have; None to ask for it."""
    rights: str
    """What the token needs."""


def github(env: Mapping[str, str]) -> Thread:
    """The comments of a pull request at GitHub."""
    issues = f"/repos/{env['GITHUB_REPOSITORY']}/issues"
    return Thread(
        service="GitHub",
        api=env["GITHUB_API_URL"],
        token=env["GITHUB_TOKEN"],
        comments=f"{issues}/{env['PULL_REQUEST']}/comments",
        comment=f"{issues}/comments",
        change="PATCH",
        author=("user", "login"),
        own_name=env.get("COMMENT_AUTHOR", "github-actions[bot]"),
        rights="the job's permission pull-requests: write",
    )


def gitlab(env: Mapping[str, str]) -> Thread:
    """The notes of a merge request at GitLab."""
    notes = f"/projects/{env['CI_PROJECT_ID']}/merge_requests/{env['CI_MERGE_REQUEST_IID']}/notes"
    return Thread(
        service="GitLab",
        api=env["CI_API_V4_URL"],
        token=env["GITLAB_TOKEN"],
        comments=notes,
        comment=notes,
        change="PUT",
        author=("author", "username"),
        own_name=None,
        rights="the scope api and the role Reporter or above",
    )


def call(thread: Thread, method: str, path: str, **json: str) -> tuple[Any, str | None]:
    """Make a call, and return the answer and the URL of its next page.

    A redirect counts as a failure: the token is for the service's own address.
    """
    try:
        answer = requests.request(
            method,
            thread.api + path,
            headers={"Authorization": f"Bearer {thread.token}"},
            json=json or None,
            timeout=SECONDS,
            allow_redirects=False,
        )
        if answer.status_code >= 300:
            raise CommentError(
                f"{thread.service} answered {answer.status_code} to {method} {path}: "
                f"{answer.text[:200]!r}. The token needs {thread.rights}."
            )
        return answer.json(), answer.links.get("next", {}).get("url")
    except requests.RequestException as error:
        raise CommentError(
            f"{method} {path} failed at {thread.api}: {type(error).__name__}"
        ) from None


def own_comments(thread: Thread) -> Iterator[dict[str, Any]]:
    """The comments by the token's own user, page after page: anybody may write a marker."""
    name = thread.own_name or call(thread, "GET", "/user")[0]["username"]
    next_page: str | None = f"{thread.api}{thread.comments}?per_page=100"
    while next_page:
        if not next_page.startswith(f"{thread.api}/"):
            raise CommentError(f"{thread.service} names a next page that is not its own")
        comments, next_page = call(thread, "GET", next_page.removeprefix(thread.api))
        author, login = thread.author
        yield from (each for each in comments if each[author][login] == name)


def post(thread: Thread, report: str) -> str:
    """Post the report or update the comment with an earlier one, and say what was done."""
    marker = report.splitlines()[0]
    for comment in own_comments(thread):
        if comment["body"].splitlines()[:1] == [marker]:
            call(thread, thread.change, f"{thread.comment}/{comment['id']}", body=report)
            return f"updated comment {comment['id']}"
    created, _ = call(thread, "POST", thread.comments, body=report)
    return f"posted comment {created['id']}"


def main() -> None:
    """Post the report to the service that runs the job."""
    try:
        report = REPORT.read_text()
        thread = gitlab(os.environ) if "GITLAB_CI" in os.environ else github(os.environ)
        sys.stdout.write(f"{post(thread, report)}\n")
    except FileNotFoundError:
        sys.exit("comment: there is no report.md; run preview-report.sh first")
    except KeyError as error:
        sys.exit(f"comment: the environment has no {error.args[0]}")
    except CommentError as error:
        sys.exit(f"comment: {error}")


if __name__ == "__main__":
    main()
