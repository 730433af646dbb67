"""The forms in which the engine recognizes a secret value.

They are those of the engine's package `resource/properties.go`.
"""

from __future__ import annotations

import json
from typing import Any

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - marks secrets; it is not one itself.


def secret_output(value: object) -> dict[str, Any]:
    """Return an output of a provider that the engine encrypts in the state."""
    return {_SIGNATURE: _SECRET, "value": value}


def plaintext_secret(value: object) -> dict[str, str]:
    """Return a secret in plain text, as in the state that `--show-secrets` exports."""
    return {_SIGNATURE: _SECRET, "plaintext": json.dumps(value)}
