#!/usr/bin/env python3
"""Post report.md as a comment on the pull request (GitHub) or merge request (GitLab).

The first line of the report is an invisible marker. If the token's user has already posted a
comment that begins with it, the script updates that comment. Each stack therefore has one comment,
not one for each push.

GitHub needs GITHUB_TOKEN, and the number of the pull request in PULL_REQUEST. GitLab needs
GITLAB_TOKEN, with the scope `api`. The service that runs the job sets all other variables.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

REPORT = Path(__file__).with_name("report.md")
TIMEOUT_SECONDS = 30
"""The timeout of each request."""


class CommentError(Exception):
    """The comment was not posted. The message says why."""


@dataclass(frozen=True)
class Thread:
    """The comments of a pull request or merge request, and the terms of its service's API."""

    service: str
    api: str
    token: str
    comments: str
    """The path of the list of comments."""
    comment: str
    """The path of a comment, without its ID."""
    update_method: str
    """The HTTP method that updates a comment."""
    author: tuple[str, str]
    """The keys of the author's name in a comment."""
    own_name: str | None
    """The author of the token's comments. None to request it from the API."""
    permissions: str
    """The permissions that the token needs."""


def github(env: Mapping[str, str]) -> Thread:
    """Return the comments of a pull request on GitHub."""
    issues = f"/repos/{env['GITHUB_REPOSITORY']}/issues"
    return Thread(
        service="GitHub",
        api=env["GITHUB_API_URL"],
        token=env["GITHUB_TOKEN"],
        comments=f"{issues}/{env['PULL_REQUEST']}/comments",
        comment=f"{issues}/comments",
        update_method="PATCH",
        author=("user", "login"),
        own_name=env.get("COMMENT_AUTHOR", "github-actions[bot]"),
        permissions="the job's permission pull-requests: write",
    )


def gitlab(env: Mapping[str, str]) -> Thread:
    """Return the notes of a merge request on GitLab."""
    notes = f"/projects/{env['CI_PROJECT_ID']}/merge_requests/{env['CI_MERGE_REQUEST_IID']}/notes"
    return Thread(
        service="GitLab",
        api=env["CI_API_V4_URL"],
        token=env["GITLAB_TOKEN"],
        comments=notes,
        comment=notes,
        update_method="PUT",
        author=("author", "username"),
        own_name=None,
        permissions="the scope api and the role Reporter or above",
    )


def send(thread: Thread, method: str, path: str, **json: str) -> tuple[Any, str | None]:
    """Send a request, and return the JSON of the response and the URL of the next page.

    Redirects are errors, because the token must not be sent to another address.

    Raises:
        CommentError: no response arrived, its status is not 2xx, or it is not JSON.
    """
    try:
        response = requests.request(
            method,
            thread.api + path,
            headers={"Authorization": f"Bearer {thread.token}"},
            json=json or None,
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
        )
        if response.status_code >= 300:
            raise CommentError(
                f"{thread.service} returned {response.status_code} to {method} {path}: "
                f"{response.text[:200]!r}. The token needs {thread.permissions}."
            )
        return response.json(), response.links.get("next", {}).get("url")
    except requests.RequestException as error:
        raise CommentError(
            f"{method} {path} failed at {thread.api}: {type(error).__name__}"
        ) from None


def own_comments(thread: Thread) -> Iterator[dict[str, Any]]:
    """Yield the comments by the token's own user: another user's comment may contain a marker."""
    name = thread.own_name or send(thread, "GET", "/user")[0]["username"]
    next_page: str | None = f"{thread.api}{thread.comments}?per_page=100"
    while next_page:
        if not next_page.startswith(f"{thread.api}/"):
            raise CommentError(
                f"{thread.service} returned the URL of a next page at another address"
            )
        comments, next_page = send(thread, "GET", next_page.removeprefix(thread.api))
        author, login = thread.author
        yield from (comment for comment in comments if comment[author][login] == name)


def post(thread: Thread, report: str) -> str:
    """Post the report, or update the comment with an earlier report. Return what was done."""
    marker = report.splitlines()[0]
    for comment in own_comments(thread):
        if comment["body"].splitlines()[:1] == [marker]:
            send(thread, thread.update_method, f"{thread.comment}/{comment['id']}", body=report)
            return f"updated comment {comment['id']}"
    created, _ = send(thread, "POST", thread.comments, body=report)
    return f"posted comment {created['id']}"


def main() -> None:
    """Post the report to the service that runs the job."""
    try:
        report = REPORT.read_text()
        thread = gitlab(os.environ) if "GITLAB_CI" in os.environ else github(os.environ)
        sys.stdout.write(f"{post(thread, report)}\n")
    except FileNotFoundError:
        sys.exit("comment: report.md does not exist; run preview-report.sh first")
    except KeyError as error:
        sys.exit(f"comment: the environment variable {error.args[0]} is not set")
    except CommentError as error:
        sys.exit(f"comment: {error}")


if __name__ == "__main__":
    main()
