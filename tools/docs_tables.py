#!/usr/bin/env python3
"""Write the tables of inputs, outputs and settings in the docs pages, from the declarations.

    tools/docs_tables.py            rewrite the tables
    tools/docs_tables.py --check    fail if a table differs from the declaration

A page has the lines `<!-- inputs: Runner -->`, `<!-- outputs: Runner -->` or `<!-- settings -->`
before a table, and `<!-- end -->` after it.

Run it inside `.venv`: `.venv/bin/python tools/docs_tables.py`.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any

from kubiya_pulumi.config import SETTINGS
from kubiya_pulumi.declarations import RUNNER, RUNNER_HEALTH, RUNNER_MANIFEST
from kubiya_pulumi.dynamic.properties import REQUIRED, OnChange, Property, ResourceDeclaration

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = {"kubiya-runner.md": 2, "runner-health.md": 2, "runner-manifest.md": 2, "settings.md": 1}
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
_TABLE = re.compile(r"<!-- (?:(inputs|outputs): (\w+)|settings) -->\n.*?<!-- end -->", re.DOTALL)


def main() -> int:
    """Rewrite or check the tables, and return the exit status."""
    parser = argparse.ArgumentParser(description="Write the tables of the docs pages.")
    parser.add_argument("--check", action="store_true", help="only check that they are current")
    options = parser.parse_args()
    outdated = []
    for page, tables in PAGES.items():
        path = DOCS / page
        text = path.read_text()
        current = _TABLE.sub(
            lambda match: table(match[1], match[2]) if match[1] else settings_table(), text
        )
        if (found := len(_TABLE.findall(text))) != tables:
            print(f"docs_tables: {page} has {found} tables and must have {tables}")
            return 1
        if current != text:
            outdated.append(page)
            if not options.check:
                path.write_text(current)
    if options.check and outdated:
        print(f"docs_tables: outdated: {', '.join(outdated)}. Run tools/docs_tables.py.")
        return 1
    return 0


def table(kind: str, name: str) -> str:
    """Return a table with its marker lines.

    Args:
        kind: `inputs` or `outputs`.
        name: the name of the declaration, such as `Runner`.
    """
    declaration = DECLARATIONS[name]
    if kind == "inputs":
        lines = [
            "| Name | Type | Default | A new value | Description |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [_input(item) for item in declaration.inputs.values() if not item.internal]
    else:
        lines = ["| Name | Type | Description |", "| --- | --- | --- |"]
        lines += [_output(item) for item in declaration.outputs.values() if not item.hidden]
    return "\n".join((f"<!-- {kind}: {name} -->", *lines, "<!-- end -->"))


def settings_table() -> str:
    """Return the table of the settings with its marker lines."""
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
    return "\n".join(("<!-- settings -->", *lines, "<!-- end -->"))


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
