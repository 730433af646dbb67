#!/usr/bin/env python3
"""Write the tables of the docs pages, from the declarations and from what a command prints.

    tools/docs_tables.py            rewrite the tables
    tools/docs_tables.py --check    fail if a table is outdated

A page has a line such as `<!-- inputs: Runner -->`, `<!-- outputs: Runner -->`, `<!-- settings -->`
or `<!-- findings -->` before a table, and `<!-- end -->` after it.

Run it inside `.venv`: `.venv/bin/python tools/docs_tables.py`.
"""

from __future__ import annotations

import re
import sys
from typing import Any

from docs_findings import findings_lines
from generated_pages import DOCS, is_check_requested, write_or_check

from kubiya_pulumi.config import SETTINGS
from kubiya_pulumi.declarations import RUNNER, RUNNER_HEALTH, RUNNER_MANIFEST
from kubiya_pulumi.dynamic.properties import REQUIRED, OnChange, Property, ResourceDeclaration

PAGES = {
    "kubiya-runner.md": 2,
    "review-command.md": 1,
    "runner-health.md": 2,
    "runner-manifest.md": 2,
    "settings.md": 1,
}
"""The number of tables in each page."""
DECLARATIONS: dict[str, ResourceDeclaration[Any, Any]] = {
    "Runner": RUNNER,
    "RunnerManifest": RUNNER_MANIFEST,
    "RunnerHealth": RUNNER_HEALTH,
}
CHANGES = {
    OnChange.NOTHING: "changes nothing by itself",
    OnChange.UPDATE: "updates",
    OnChange.REPLACE: "replaces",
}
_TABLE = re.compile(
    r"(<!-- (inputs|outputs|settings|findings)(?:: (\w+))? -->\n).*?(<!-- end -->)", re.DOTALL
)


def main() -> int:
    """Rewrite or check the tables, and return the exit status."""
    check = is_check_requested("Write the tables of the docs pages.")
    current = {}
    for page, tables in PAGES.items():
        text = (DOCS / page).read_text("utf-8")
        current[DOCS / page] = _TABLE.sub(
            lambda match: match[1] + "\n".join((*table(match[2], match[3]), match[4])), text
        )
        if (found := len(_TABLE.findall(text))) != tables:
            print(f"docs_tables: {page} has {found} tables and must have {tables}")
            return 1
    return write_or_check(current, check=check)


def table(kind: str, name: str | None) -> list[str]:
    """Return the lines of a table.

    Args:
        kind: `inputs`, `outputs`, `settings` or `findings`.
        name: the name of the declaration, such as `Runner`, for inputs and outputs.
    """
    if kind == "settings":
        return settings_table()
    if kind == "findings":
        return findings_lines()
    declaration = DECLARATIONS[name or ""]
    if kind == "inputs":
        return [
            "| Name | Type | Default | A new value | Description |",
            "| --- | --- | --- | --- | --- |",
            *(_input(item) for item in declaration.inputs.values() if not item.internal),
        ]
    return [
        "| Name | Type | Description |",
        "| --- | --- | --- |",
        *(_output(item) for item in declaration.outputs.values() if not item.hidden),
    ]


def settings_table() -> list[str]:
    """Return the lines of the table of the settings."""
    lines = [
        "| Setting | Environment | Type | Default | Description |",
        "| --- | --- | --- | --- | --- |",
    ]
    for setting in SETTINGS:
        variable = f"`{setting.variable}`" if setting.variable else ""
        secret = ", secret" if setting.secret else ""
        default = "none, required" if setting.secret else _default(setting.default)
        lines.append(
            f"| `{setting.name}` | {variable} | `{setting.type.__name__}`{secret} | {default} "
            f"| {setting.description} |"
        )
    return lines


def _default(value: object) -> str:
    if isinstance(value, int | float):
        return f"{value:g}"
    return "none" if value is None else f"`{value}`"


def _input(item: Property) -> str:
    default = "required" if item.default is REQUIRED else f"`{item.default!r}`"
    default = item.default_doc or default
    change = CHANGES[item.on_change]
    if item.delete_before_replace:
        change += "; the old object is deleted first"
    name = item.argument or item.name
    return f"| `{name}` | {_type(item)} | {default} | {change} | {item.doc} |"


def _output(item: Property) -> str:
    secret = ", **secret**" if item.secret else ""
    return f"| `{item.name}` | {_type(item)}{secret} | {item.doc} |"


def _type(item: Property) -> str:
    name = item.type.__name__ if isinstance(item.type, type) and not _arguments(item) else item.type
    text = str(name).replace("typing.", "").replace("|", "\\|")
    return f"`{text}`"


def _arguments(item: Property) -> tuple[Any, ...]:
    return getattr(item.type, "__args__", ())


if __name__ == "__main__":
    sys.exit(main())
