"""The command `review`: review what a manifest requests, and what it lacks."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

from kubiya_pulumi.cli.files import (
    FileError,
    describe_file,
    read_text,
    show_path,
    write_message,
    write_text,
)
from kubiya_pulumi.cli.manifest_files import find_manifests
from kubiya_pulumi.cli.sources import Source, Sources
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.review import ManifestError, ManifestPolicy, Review, Waiver, review
from kubiya_pulumi.text import sanitize

_FORMATS = ("table", "json", "markdown", "sarif")
_ALLOW_LISTS = {
    "image": "images, such as 'ghcr.io/kubiyabot/*'",
    "namespace": "namespaces",
    "kind": "kinds of objects",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Review manifests: their RBAC permissions, their images, and what they request too much or "
        "lack. The objects of all files count as one manifest. The command applies nothing."
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        default=["-"],
        help="a file, a folder with *.yaml, *.yml and *.json files, or -, standard input (default)",
    )
    source.add_argument(
        "--runner",
        metavar="NAME",
        help="download this runner's manifest, with KUBIYA_API_KEY and KUBIYA_BASE_URL",
    )
    parser.add_argument(
        "--exclude",
        metavar="PATTERN",
        action="append",
        default=[],
        help="leave out the files and folders of this name or path when a folder is searched",
    )
    parser.add_argument(
        "--manifest-name",
        metavar="PATH",
        help="how a report calls the manifest of --runner or of standard input; default: "
        "kubiya-runner-NAME.yaml, or stdin",
    )
    parser.add_argument("--format", choices=_FORMATS, default="table", help="default: table")
    sarif = parser.add_argument_group("SARIF")
    sarif.add_argument(
        "--category",
        metavar="NAME",
        default="",
        help="distinguishes several reviews of one commit; default: the path",
    )
    sarif.add_argument(
        "--omit-waived",
        action="store_true",
        help="leave waived findings out, for services that ignore suppressions",
    )
    policy = parser.add_argument_group("policy", "findings that exit with status 1")
    policy.add_argument(
        "--deny",
        metavar="RULE[,RULE]",
        action="append",
        default=[],
        help="deny a rule, a pattern such as 'baseline-*', or error, warning or note",
    )
    for name, values in _ALLOW_LISTS.items():
        policy.add_argument(
            f"--allow-{name}",
            metavar="PATTERN",
            action="append",
            dest=f"allowed_{name}s",
            help=f"allow these {values}; all others are denied",
        )
    policy.add_argument(
        "--waive",
        metavar=("RULE", "OBJECT", "REASON"),
        nargs=3,
        action="append",
        default=[],
        help="accept the findings of a rule on an object",
    )


def run(options: argparse.Namespace) -> int:
    """Write the review to stdout, and to stderr why the status is not 0.

    Args:
        options: the parsed arguments.

    Returns:
        0 for success, 1 if a finding is denied, 2 if a manifest cannot be read or downloaded, the
        policy is invalid, or the format requires an extra that is not installed.

    Raises:
        FileError: a folder cannot be searched, or the output cannot be written.
    """
    try:
        policy = _policy(options)
        sources = _download(options) if options.runner is not None else _read(options)
        name = _describe(sources, options)
        try:
            result = review(sources.objects, policy)
        except ManifestError as error:
            raise _UnreadableError([f"{name} {error}"]) from None
        write_text(_render(result, sources, options))
    except _UnreadableError as error:
        for problem in error.problems:
            write_message(f"review: {problem}")
        return 2
    except KubiyaError as error:
        write_message(f"review: {error}")
        return 2
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "rich":
            raise
        write_message(
            "review: the table requires an extra: pip install 'kubiya-pulumi[cli]', or choose "
            "another --format"
        )
        return 2
    if options.format == "sarif":
        _warn_about_omitted_results(result, options)
    if result.denied:
        count = len(result.denied)
        findings = "1 finding" if count == 1 else f"{count:,} findings"
        write_message(f"review: {name} has {findings} that the policy denies")
    return 1 if result.denied else 0


class _UnreadableError(Exception):
    """Some of the texts cannot be reviewed."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(*problems)
        self.problems = problems
        """A sentence for each of them."""


def _describe(sources: Sources, options: argparse.Namespace) -> str:
    """Return the name of the reviewed texts as the start of a sentence."""
    if options.runner is not None:
        return _describe_runner(options.runner)
    if sources.single:
        return describe_file(options.paths[0])
    return f"the manifest in {', '.join(map(show_path, sources.names))}"


def _describe_runner(runner: str) -> str:
    return f'the manifest of runner "{sanitize(runner)}"'


def _policy(options: argparse.Namespace) -> ManifestPolicy:
    names = [name.strip() for denied in options.deny for name in denied.split(",")]
    return ManifestPolicy(
        deny=[name for name in names if name],
        waivers=[Waiver(*waiver) for waiver in options.waive],
        allowed_images=options.allowed_images,
        allowed_namespaces=options.allowed_namespaces,
        allowed_kinds=options.allowed_kinds,
    )


def _download(options: argparse.Namespace) -> Sources:
    from kubiya_pulumi.cli.manifest_download import download_manifest

    text = download_manifest(options.runner)
    runner = re.sub(r"[/\\]", "-", options.runner)
    name = options.manifest_name or f"kubiya-runner-{runner}.yaml"
    try:
        source = Source.of(name, text)
    except ManifestError as error:
        raise _UnreadableError([f"{_describe_runner(options.runner)} {error}"]) from None
    return Sources([source], [name], single=True)


def _read(options: argparse.Namespace) -> Sources:
    """Read all files, so that one run reports every file that is not a manifest."""
    if options.manifest_name and "-" not in options.paths:
        raise FileError("--manifest-name requires --runner or standard input.")
    paths, names = options.paths, {"-": options.manifest_name or "stdin"}
    sources: list[Source] = []
    problems: dict[str, str] = {}
    for file in find_manifests(paths, options.exclude):
        # Only a pipe that the user names may be read: another one would wait forever.
        if file not in paths and Path(file).exists() and not Path(file).is_file():
            problems[file] = f"{describe_file(file)} is not a regular file."
            continue
        try:
            sources.append(Source.of(names.get(file, file), read_text(file)))
        except FileError as error:
            problems[file] = str(error)
        except ManifestError as error:
            problems[file] = f"{describe_file(file)} {error}"
    if problems:
        from_folders = problems.keys() - set(paths)
        advice = "leave out files that are not manifests with --exclude"
        raise _UnreadableError([*problems.values(), *([advice] if from_folders else [])])
    single = len(paths) == 1 and not os.path.isdir(paths[0])  # noqa: PTH112
    return Sources(sources, [names.get(path, path) for path in paths], single=single)


def _warn_about_omitted_results(result: Review, options: argparse.Namespace) -> None:
    from kubiya_pulumi.cli import review_sarif

    omitted = review_sarif.omitted_results(result, omit_waived=options.omit_waived)
    if omitted:
        write_message(f"review: {omitted:,} findings are omitted: see the log's notifications")


def _render(result: Review, sources: Sources, options: argparse.Namespace) -> str:
    match options.format:
        case "json":
            return json.dumps(_to_dict(result, sources), indent=2) + "\n"
        case "markdown":
            from kubiya_pulumi.cli import review_markdown

            return review_markdown.render(result, sources)
        case "sarif":
            from kubiya_pulumi.cli import review_sarif

            return review_sarif.render(
                result, sources, category=options.category, omit_waived=options.omit_waived
            )
        case _:
            from kubiya_pulumi.cli import review_table

            return review_table.render(result, sources, sys.stdout)


def _to_dict(result: Review, sources: Sources) -> dict[str, Any]:
    """Return the review as plain data, and the hash of each text.

    If the user named several files or a folder, the result also locates each finding.
    """
    review_data = result.to_dict()
    if sources.single:
        return {"sha256": sources.all[0].sha256, **review_data}
    for entry, finding in zip(review_data["findings"], result.findings, strict=True):
        entry["locations"] = [vars(place) for place in sources.locations_of(finding.object)]
    files = [{"file": source.file, "sha256": source.sha256} for source in sources.all]
    return {"files": files, **review_data}
