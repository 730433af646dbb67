"""What the engine shows of an error, taken apart."""

from __future__ import annotations

import re

from tests.harness.engine import Result

_ERROR = re.compile(r"^ *kubiya_pulumi\.[\w.]+\.\w+Error: (.*)$", re.MULTILINE)


def sentence(result: Result) -> str:
    """The one message, on one line, of an error that a step of this package ended in."""
    [message] = set(_ERROR.findall(result.text))
    return str(message)
