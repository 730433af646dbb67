"""The command line `kubiya-pulumi`."""

from __future__ import annotations
