"""Find the programs that tests run: in the virtual environment, in `.tools/bin`, or on PATH."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATH = os.pathsep.join(
    [str(Path(sys.executable).parent), str(ROOT / ".tools" / "bin"), os.environ.get("PATH", "")]
)


def tool(name: str) -> str:
    """Return the path of a program.

    Raises:
        FileNotFoundError: the program is not installed. The message says how to install it.
    """
    if path := shutil.which(name, path=PATH):
        return path
    raise FileNotFoundError(f"{name}, which this test needs, is not installed: run make tools")
