"""The base of every error of this package."""

from __future__ import annotations


class KubiyaError(Exception):
    """The base of every error of this package. It prints as one line."""

    @property
    def outcome_unknown(self) -> bool:
        """Whether the change that was asked for may have been made all the same.

        False proves that it was not: no request was sent, or a status from 400 to 499 came back.
        """
        return False
