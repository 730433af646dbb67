"""The base class of every error of this package."""

from __future__ import annotations


class KubiyaError(Exception):
    """The base class of every error of this package. `str()` of an error is a single line."""

    @property
    def failure(self) -> str:
        """What failed and why, without the advice that `str()` of some errors adds."""
        return str(self)

    @property
    def outcome_unknown(self) -> bool:
        """Whether the requested change may have been made although this error was raised.

        False proves that it was not made: no request was sent, or the service returned a status
        from 400 to 499.
        """
        return False
