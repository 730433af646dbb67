"""docs/emulator.md lists every option, fault and route of the admin API."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

from kubiya_pulumi.emulator import EmulatorOptions
from kubiya_pulumi.emulator.admin import admin_application
from kubiya_pulumi.emulator.backend import Backend
from kubiya_pulumi.emulator.faults import Kind

DOCUMENT = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text()


def rows(title: str) -> list[list[str]]:
    """Return the cells of the first table in a section."""
    section = DOCUMENT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_options() -> None:
    documented = {
        code(name)[0]: (code(values), code(default)) for name, values, default in rows("Options")
    }
    assert list(documented) == [option.name for option in fields(EmulatorOptions)]
    for option in fields(EmulatorOptions):
        values, defaults = documented[option.name]
        assert set(option.metadata["choices"]) <= set(values)
        if by_form := option.metadata["by_form"]:
            assert defaults == [by_form["documented"], by_form["observed"]]
        elif option.metadata["choices"]:
            assert defaults == [option.default]
        elif isinstance(option.default, float):
            assert defaults == [str(int(option.default))]


def test_faults() -> None:
    assert {code(cells[0])[0] for cells in rows("Faults")} == set(get_args(Kind))


def test_admin_api() -> None:
    routes = admin_application(Backend(EmulatorOptions())).routes
    served = {f"{method} {route.path}" for route in routes for method in route.methods - {"HEAD"}}
    assert {code(cells[0])[0] for cells in rows("The admin API")} == served
