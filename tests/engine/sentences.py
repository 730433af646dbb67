"""Parse the errors that the engine prints."""

from __future__ import annotations

import re

from tests.harness.engine import Result

_ERROR = re.compile(
    r"^ {2}pulumi-python:\S+ \([^)]+\):\n(?: {4}(?!error).*\n)*"
    r" {4}error: (?:Preview failed: )?(.*)$",
    re.MULTILINE,
)
_PROBLEM = re.compile(r"resource '[\w-]+'(?:: property (\w+) value .*)? has a problem: (.*)$")


def sentence(result: Result) -> str:
    """Return the single message, on one line, of an error raised by this package."""
    [message] = set(_ERROR.findall(result.text))
    return str(message)


def problems(result: Result) -> dict[str, str]:
    """Return the problems that `check` reported, by input; the key of a setting is ""."""
    matches = (_PROBLEM.search(line) for line in result.text.splitlines())
    return {match[1] or "": match[2] for match in matches if match}
