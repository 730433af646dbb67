"""The subcommand `review`: what a manifest asks for, and what it lacks."""

import argparse
import json
import sys
from collections.abc import Sequence

from kubiya_pulumi import config
from kubiya_pulumi.api import Connection, RunnersClient, SettingError
from kubiya_pulumi.cli import review_markdown, review_sarif
from kubiya_pulumi.cli.files import FileError, described, read_text, write_text
from kubiya_pulumi.cli.source_map import object_lines
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.lifecycle.manifest import download
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

__all__ = ["run"]

_FORMATS = ("table", "json", "markdown", "sarif")


def run(arguments: Sequence[str]) -> int:
    """Writes the review to stdout, and to stderr why the status is not 0.

    Args:
        arguments: what follows `kubiya-pulumi review`.

    Returns:
        0, or 1 where a finding is denied, or 2 where there is nothing to review, the rules
        cannot be, or the format needs an extra that is not installed.
    """
    options = _parser().parse_args(arguments)
    runner, file = options.runner, options.file
    name = described(file) if runner is None else f'the manifest of runner "{runner}"'
    try:
        rules = _rules(options)
        text = read_text(file) if runner is None else _of_runner(runner)
        objects = parse_manifest(text)
        found = review(objects, rules)
        _write(found, text, objects, options)
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
            "review: the table needs an extra: pip install 'kubiya-pulumi[cli]', or choose "
            "another --format\n"
        )
        return 2
    if found.denied:
        sys.stderr.write(f"review: {name} is denied: {len(found.denied):,} of its findings are\n")
    return 1 if found.denied else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kubiya-pulumi review",
        description="Review a manifest: who may do what by it, the images that it runs, and what "
        "it asks for too much or lacks. Nothing is applied.",
        allow_abbrev=False,
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("file", metavar="FILE", nargs="?", default="-", help="or -, for stdin")
    source.add_argument(
        "--runner",
        metavar="NAME",
        help="the manifest of this runner, with KUBIYA_API_KEY and KUBIYA_BASE_URL",
    )
    parser.add_argument("--format", choices=_FORMATS, default="table", help="table by default")
    rules = parser.add_argument_group("what ends with status 1")
    rules.add_argument(
        "--deny", metavar="RULE[,RULE]", action="append", default=[],
        help="a rule, a pattern of rules such as 'baseline-*', or error, warning or note",
    )  # fmt: skip
    for name, meaning in (
        ("image", "images such as 'ghcr.io/kubiyabot/*'"),
        ("namespace", "namespaces"),
        ("kind", "kinds of objects"),
    ):
        rules.add_argument(
            f"--allow-{name}", metavar="PATTERN", action="append", dest=f"{name}s",
            help=f"{meaning}; all others are denied",
        )  # fmt: skip
    rules.add_argument(
        "--waive", metavar=("RULE", "OBJECT", "REASON"), nargs=3, action="append", default=[],
        help="let pass what a rule finds on an object",
    )  # fmt: skip
    return parser


def _rules(options: argparse.Namespace) -> ManifestPolicy:
    return ManifestPolicy(
        deny=[rule.strip() for each in options.deny for rule in each.split(",") if rule.strip()],
        waivers=[Waiver(*each) for each in options.waive],
        allowed_images=options.images,
        allowed_namespaces=options.namespaces,
        allowed_kinds=options.kinds,
    )


def _of_runner(name: str) -> str:
    with RunnersClient(_connection(name)) as client:
        return download(client, name)[0]


def _connection(runner: str) -> Connection:
    """The settings of the environment: a command has no stack, so its errors name none."""
    try:
        return config.connection(lambda _: None)
    except SettingError as error:
        if error.setting != config.API_KEY:
            raise
        raise FileError(
            f'the manifest of runner "{runner}" cannot be downloaded: KUBIYA_API_KEY is not set '
            "to an API key."
        ) from None


def _write(
    found: Review, text: str, objects: Sequence[KubernetesObject], options: argparse.Namespace
) -> None:
    sha256 = sha256_of(text)
    match options.format:
        case "json":
            write_text(json.dumps({"sha256": sha256, **found.to_dict()}, indent=2) + "\n")
        case "markdown":
            name = options.runner or options.file
            write_text(review_markdown.render(found, name, sha256))
        case "sarif":
            lines = object_lines(text, objects)
            file = None if options.runner else options.file
            write_text(review_sarif.render(found, file, lines))
        case _:
            from kubiya_pulumi.cli import review_table

            review_table.render(found, sha256, sys.stdout)
