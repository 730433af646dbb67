"""The command `preview-report`: turn the output of `pulumi preview --json` into a comment."""

from __future__ import annotations

import argparse
import sys

from kubiya_pulumi.cli.files import FileError, describe_file, read_text, write_text
from kubiya_pulumi.cli.preview_markdown import render
from kubiya_pulumi.preview_report import (
    GateCondition,
    PreviewError,
    build_report,
    parse_preview,
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Turn the output of `pulumi preview --json` into a Markdown comment: the resources that "
        "would change, the RBAC permissions that would be granted and revoked, and the images."
    )
    parser.epilog = "Run the preview with --show-sames for a complete RBAC table."
    parser.add_argument(
        "file", metavar="FILE", nargs="?", default="-", help="default: -, standard input"
    )
    parser.add_argument(
        "--marker",
        metavar="NAME",
        help="identifies the comment, so that a bot can update it; default: project and stack",
    )
    parser.add_argument(
        "--fail-on",
        metavar="CONDITION[,CONDITION]",
        type=_conditions,
        default=frozenset(),
        help=f"exit with status 1 if the preview meets one of: {', '.join(GateCondition)}",
    )


def run(options: argparse.Namespace) -> int:
    """Write the comment to stdout, and to stderr why the status is not 0.

    Args:
        options: the parsed arguments.

    Returns:
        0 for success, 1 if the preview failed or meets a condition of `--fail-on`, 2 if the input
        is not a preview.
    """
    try:
        report = build_report(parse_preview(read_text(options.file).removeprefix("\ufeff")))
    except FileError as error:
        sys.stderr.write(f"preview-report: {error}\n")
        return 2
    except PreviewError as error:
        sys.stderr.write(f"preview-report: {describe_file(options.file)} {error}\n")
        return 2
    write_text(render(report, options.marker or report.preview.stack))
    met = sorted(report.conditions & options.fail_on)
    if report.preview.has_failed:
        sys.stderr.write("preview-report: the preview failed\n")
    if met:
        sys.stderr.write(
            f"preview-report: the preview meets a condition of --fail-on: {', '.join(met)}\n"
        )
    return 1 if met or report.preview.has_failed else 0


def _conditions(text: str) -> frozenset[GateCondition]:
    names = {name.strip() for name in text.split(",") if name.strip()}
    if unknown := sorted(names - set(GateCondition)):
        raise argparse.ArgumentTypeError(
            f"unknown condition: {', '.join(unknown)} (choose from {', '.join(GateCondition)})"
        )
    return frozenset(map(GateCondition, names))
