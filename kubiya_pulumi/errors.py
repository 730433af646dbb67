"""The base class of every error of this package."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    _Base = Exception
else:
    # A RunError ends a program with its message and without a traceback. Pulumi has been loaded
    # wherever it runs a program. Without a program it is not needed, so it is not imported.
    _Base = getattr(sys.modules.get("pulumi"), "RunError", Exception)


class KubiyaError(_Base):
    """The base class of every error of this package. `str()` of an error is a single line.

    An error that a Pulumi program does not catch ends it with this line (`pulumi.RunError`).
    """

    @property
    def failure(self) -> str:
        """What failed and why, without the advice that `str()` of some errors adds."""
        return str(self)

    @property
    def names_setting(self) -> bool:
        """Whether the advice is about a setting of the connection."""
        return False

    @property
    def outcome_unknown(self) -> bool:
        """Whether the requested change may have been made although this error was raised.

        False proves that it was not made: no request was sent, or the service returned a status
        from 400 to 499.
        """
        return False
