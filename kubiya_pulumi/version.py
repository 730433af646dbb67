"""Which version of this package runs."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def package_version() -> str:
    """The version that is installed, or "unknown"."""
    try:
        return version("kubiya-pulumi")
    except PackageNotFoundError:  # The source is on the path, but was never installed.
        return "unknown"
