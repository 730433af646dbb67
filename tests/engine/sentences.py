"""Parse the errors that the engine prints."""

from __future__ import annotations

import re

from tests.harness.engine import Result

_ERROR = re.compile(
    r"^ {2}pulumi-python:\S+ \([^)]+\):\n(?: {4}(?!error).*\n)*"
    r" {4}error: (?:Preview failed: )?(.*)$",
    re.MULTILINE,
)
_PROGRAM_ERRORS = re.compile(r"^ {2}pulumi:pulumi:Stack \([^)]+\):\n((?: {4}.*\n)*)", re.MULTILINE)
_PROGRAM_ERROR = re.compile(r"^ {4}error: (.*?)(?: with non-zero exit code: \d+)?$", re.MULTILINE)
_PROBLEM = re.compile(r"resource '[\w-]+'(?:: property (\w+) value .*)? has a problem: (.*)$")


def sentence(result: Result) -> str:
    """Return the single message, on one line, of an error raised by this package."""
    [message] = set(_ERROR.findall(result.text))
    return str(message)


def program_errors(result: Result) -> set[str]:
    """Return the messages, each on one line, of the errors of the program."""
    return {
        message
        for lines in _PROGRAM_ERRORS.findall(result.text)
        for message in _PROGRAM_ERROR.findall(lines)
    }


def problems(result: Result) -> dict[str, str]:
    """Return the problems that `check` reported, by input; the key of a setting is ""."""
    matches = (_PROBLEM.search(line) for line in result.text.splitlines())
    return {match[1] or "": match[2] for match in matches if match}
