"""The version of this package."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def package_version() -> str:
    """Return the installed version, or "unknown"."""
    try:
        return version("kubiya-pulumi")
    except PackageNotFoundError:  # The source is on the path, but not installed.
        return "unknown"
