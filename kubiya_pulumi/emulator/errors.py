"""What can go wrong: refused requests, and an emulator that cannot start.

Exception
 ├ RefusedRequest       becomes an answer with an error status
 └ EmulatorError        a sentence for whoever starts the emulator
    ├ OptionError       a switch or a fault that cannot be
    ├ AddressError      an address that cannot be listened on
    ├ StateFileError    a state file that cannot be used
    └ ClusterError      a kubeconfig that cannot be used
"""

from collections.abc import Mapping

__all__ = [
    "AddressError",
    "ClusterError",
    "EmulatorError",
    "OptionError",
    "RefusedRequest",
    "StateFileError",
]


class RefusedRequest(Exception):  # noqa: N818 - an answer of the API, not a failure of the emulator
    """A request that is answered with an error status.

    Attributes:
        status: the HTTP status.
        message: a sentence for the caller.
        headers: headers that the answer needs because of the status, such as `Allow`.
    """

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


class EmulatorError(Exception):
    """The emulator cannot do what it was asked to; the message is one sentence."""


class OptionError(EmulatorError):
    """A switch or a fault has a value that it cannot have."""


class AddressError(EmulatorError):
    """The address cannot be listened on."""


class StateFileError(EmulatorError):
    """The state file cannot be used; it was left as it is."""


class ClusterError(EmulatorError):
    """The cluster of a kubeconfig cannot be followed."""
