"""Errors of the emulator: refused requests, and errors for the person who runs it.

Exception
 ├ RequestError         becomes an error response
 └ EmulatorError        the emulator cannot be started or used as requested
    ├ OptionError       an invalid option or fault
    ├ AddressError      an address that the emulator cannot listen on
    ├ StateFileError    an unusable state file
    └ ClusterError      an unusable kubeconfig or an unreachable cluster
"""

from __future__ import annotations

from collections.abc import Mapping


class RequestError(Exception):
    """A request that the emulator refuses with an error response."""

    status: int
    """The HTTP status of the response."""
    message: str
    """The message for the client."""
    headers: dict[str, str]
    """Headers that the status requires, such as `Allow`."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


class EmulatorError(Exception):
    """The emulator cannot be started or used as requested. The message is one sentence."""


class OptionError(EmulatorError):
    """An option or a fault has an invalid value."""


class AddressError(EmulatorError):
    """The emulator cannot listen on the address."""


class StateFileError(EmulatorError):
    """The state file cannot be used. The file is unchanged."""


class ClusterError(EmulatorError):
    """The cluster of a kubeconfig cannot be followed."""
