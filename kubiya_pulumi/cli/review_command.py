"""The command `review`: review what a manifest requests, and what it lacks."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from kubiya_pulumi.cli import review_markdown, review_sarif
from kubiya_pulumi.cli.files import FileError, describe_file, read_text, write_text
from kubiya_pulumi.cli.source_map import object_lines
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.review import (
    KubernetesObject,
    ManifestError,
    ManifestPolicy,
    Review,
    Waiver,
    parse_manifest,
    review,
    sha256_of,
)

_FORMATS = ("table", "json", "markdown", "sarif")
_ALLOW_LISTS = {
    "image": "images, such as 'ghcr.io/kubiyabot/*'",
    "namespace": "namespaces",
    "kind": "kinds of objects",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Review a manifest: its RBAC permissions, its images, and what it requests too much or "
        "lacks. The command applies nothing."
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "file", metavar="FILE", nargs="?", default="-", help="default: -, standard input"
    )
    source.add_argument(
        "--runner",
        metavar="NAME",
        help="download this runner's manifest, with KUBIYA_API_KEY and KUBIYA_BASE_URL",
    )
    parser.add_argument("--format", choices=_FORMATS, default="table", help="default: table")
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
        0 for success, 1 if a finding is denied, 2 if the manifest cannot be read or downloaded, the
        policy is invalid, or the format requires an extra that is not installed.
    """
    name = _manifest_name(options)
    try:
        policy = _policy(options)
        text = _read_manifest(options)
        objects = parse_manifest(text)
        result = review(objects, policy)
        _write(result, text, objects, options)
    except ManifestError as error:
        sys.stderr.write(f"review: {name} {error}\n")
        return 2
    except (KubiyaError, FileError) as error:
        sys.stderr.write(f"review: {error}\n")
        return 2
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "rich":
            raise
        sys.stderr.write(
            "review: the table requires an extra: pip install 'kubiya-pulumi[cli]', or choose "
            "another --format\n"
        )
        return 2
    if result.denied:
        count = len(result.denied)
        findings = "1 finding" if count == 1 else f"{count:,} findings"
        sys.stderr.write(f"review: {name} has {findings} that the policy denies\n")
    return 1 if result.denied else 0


def _manifest_name(options: argparse.Namespace) -> str:
    if options.runner is None:
        return describe_file(options.file)
    return f'the manifest of runner "{options.runner}"'


def _policy(options: argparse.Namespace) -> ManifestPolicy:
    names = [name.strip() for denied in options.deny for name in denied.split(",")]
    return ManifestPolicy(
        deny=[name for name in names if name],
        waivers=[Waiver(*waiver) for waiver in options.waive],
        allowed_images=options.allowed_images,
        allowed_namespaces=options.allowed_namespaces,
        allowed_kinds=options.allowed_kinds,
    )


def _read_manifest(options: argparse.Namespace) -> str:
    if options.runner is None:
        return read_text(options.file)
    from kubiya_pulumi.cli.manifest_download import download_manifest

    return download_manifest(options.runner)


def _write(
    result: Review, text: str, objects: Sequence[KubernetesObject], options: argparse.Namespace
) -> None:
    sha256 = sha256_of(text)
    match options.format:
        case "json":
            write_text(json.dumps({"sha256": sha256, **result.to_dict()}, indent=2) + "\n")
        case "markdown":
            name = options.runner or options.file
            write_text(review_markdown.render(result, name, sha256))
        case "sarif":
            lines = object_lines(text, objects)
            file = None if options.runner else options.file
            write_text(review_sarif.render(result, file, lines))
        case _:
            from kubiya_pulumi.cli import review_table

            review_table.render(result, sha256, sys.stdout)
