"""The subcommand `preview-report`: from `pulumi preview --json` to a Markdown comment."""

import argparse
import sys
from collections.abc import Sequence

from kubiya_pulumi.cli.files import FileError, described, read_text, write_text
from kubiya_pulumi.cli.preview_markdown import render
from kubiya_pulumi.preview_report import Condition, PreviewError, read_preview, report_on

__all__ = ["run"]


def run(arguments: Sequence[str]) -> int:
    """Writes the comment to stdout, and to stderr why the status is not 0.

    Args:
        arguments: what follows `kubiya-pulumi preview-report`.

    Returns:
        0, or 1 where the preview failed or a condition of `--fail-on` holds, or 2 where there
        is nothing that a comment can be made of.
    """
    options = _parser().parse_args(arguments)
    try:
        report = report_on(read_preview(read_text(options.file)))
    except FileError as error:
        sys.stderr.write(f"preview-report: {error}\n")
        return 2
    except PreviewError as error:
        sys.stderr.write(f"preview-report: {described(options.file)} {error}\n")
        return 2
    write_text(render(report, options.marker or report.preview.stack))
    hit = sorted(report.conditions & options.fail_on)
    if report.preview.errors:
        sys.stderr.write("preview-report: the preview failed\n")
    if hit:
        sys.stderr.write(
            f"preview-report: the preview has what --fail-on names: {', '.join(hit)}\n"
        )
    return 1 if hit or report.preview.errors else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kubiya-pulumi preview-report",
        description="Make a Markdown comment of what `pulumi preview --json` printed: what would "
        "be changed, who would be allowed more or less, and which images would run.",
        epilog="Add --show-sames to the preview for a complete table of who may do what.",
        allow_abbrev=False,
    )
    parser.add_argument("file", metavar="FILE", nargs="?", default="-", help="or -, for stdin")
    parser.add_argument(
        "--marker",
        metavar="NAME",
        help="what a bot finds the comment by; by default the project and the stack",
    )
    parser.add_argument(
        "--fail-on",
        metavar="CONDITION[,CONDITION]",
        type=_conditions,
        default=frozenset(),
        help=f"end with status 1 if the preview has one of: {', '.join(Condition)}",
    )
    return parser


def _conditions(text: str) -> frozenset[Condition]:
    given = {each.strip() for each in text.split(",") if each.strip()}
    if unknown := sorted(given - set(Condition)):
        raise argparse.ArgumentTypeError(
            f"there is no condition {', '.join(unknown)}: there are {', '.join(Condition)}"
        )
    return frozenset(map(Condition, given))
