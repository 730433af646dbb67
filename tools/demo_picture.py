#!/usr/bin/env python3
"""Run the demo, and write the picture of the README from what it prints.

    tools/demo_picture.py            run the demo and write docs/demo.svg
    tools/demo_picture.py OUTPUT     use the saved output of a demo instead

The picture shows the steps of `STEPS` as they were printed. Run it inside `.venv`.
"""

from __future__ import annotations

import argparse
import html
import io
import re
import subprocess
import sys
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "demo.svg"
STEPS = ("4", "5", "6", "7", "9", "10")
WIDTH = 116
TITLE = "kubiya-pulumi"
COMMAND = "$ make demo"


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description="Write the picture of the README.")
    parser.add_argument("output", nargs="?", type=Path, help="the saved output of a demo")
    options = parser.parse_args()
    if options.output:
        text = options.output.read_text()
    else:
        command = [sys.executable, str(ROOT / "tools" / "demo.py")]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    PICTURE.write_text(picture(text))


def picture(output: str) -> str:
    """Return the chosen steps of the output of a demo as an SVG.

    Raises:
        ValueError: the output contains the path of a file.
    """
    text = chosen_steps(output)
    if path := re.search(r"(?<![\w:/.])/(?:\w|\.)+/\S*", text):
        raise ValueError(f"the output contains the path {path[0]}")
    # The font is not loaded from another host: a viewer uses its own.
    template = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.S)
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text(COMMAND, "bold green"))
    for line in text.splitlines():
        console.print(Text(line, style(line)), soft_wrap=False)
    return console.export_svg(title=TITLE, theme=MONOKAI, code_format=template, unique_id="demo")


def chosen_steps(output: str) -> str:
    """Return the steps of `STEPS` of the output of a demo, without repeated empty lines."""
    steps = dict(re.findall(r"^((?:\d+))(/\d+  .*?)(?=^\d+/\d+  |\Z)", output, re.M | re.S))
    return "\n\n".join(re.sub(r"\n{2,}", "\n", number + steps[number].rstrip()) for number in STEPS)


def is_current(svg: str, output: str) -> bool:
    """Return whether a picture shows the output of a demo, apart from ports and durations."""
    shown = re.findall(r"<text [^>]*>([^<]*)</text>", svg)
    expected = TITLE + COMMAND + chosen_steps(output)
    return _comparable(html.unescape("".join(shown))) == _comparable(expected)


def _comparable(text: str) -> str:
    # Lines are wrapped in the picture, so spaces do not count.
    return re.sub(r"(?<=127\.0\.0\.1:)\d+|\d+(?=s)", "0", re.sub(r"\s", "", text))


def style(line: str) -> str:
    """Return the style of a line: a step, a command, or its result."""
    if re.match(r"\d+/\d+  ", line):
        return "bold"
    return "cyan" if line.startswith("  $ ") else "white"


if __name__ == "__main__":
    main()
