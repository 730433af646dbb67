"""What the engine shows of an error, taken apart."""

from __future__ import annotations

import re

from tests.harness.engine import Result

_ERROR = re.compile(r"^ *kubiya_pulumi\.[\w.]+\.\w+Error: (.*)$", re.MULTILINE)
_PROBLEM = re.compile(r"resource '[\w-]+'(?:: property (\w+) value .*)? has a problem: (.*)$")
_FRAME = re.compile(r'File "[^"]*/(kubiya_pulumi/[^"]+)"')


def sentence(result: Result) -> str:
    """The one message, on one line, of an error that a step of this package ended in."""
    [message] = set(_ERROR.findall(result.text))
    return str(message)


def problems(result: Result) -> dict[str, str]:
    """The problems that were found before anything was done, by input; "" is for a setting."""
    found = (_PROBLEM.search(line) for line in result.text.splitlines())
    return {match[1] or "": match[2] for match in found if match}


def frames(result: Result) -> set[str]:
    """The files of this package in the tracebacks that the engine shows."""
    return set(_FRAME.findall(result.text))
