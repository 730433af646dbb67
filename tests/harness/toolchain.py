"""Where tests find the programs they run: the virtual environment, `.tools/bin`, then PATH."""

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
    """The path of a program.

    Raises:
        FileNotFoundError: it is not there; the message says how to get it.
    """
    if path := shutil.which(name, path=PATH):
        return path
    raise FileNotFoundError(
        f"{name} is not there, and this test needs the real one: run make tools"
    )
