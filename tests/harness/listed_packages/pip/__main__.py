"""Print the list of packages that the harness has stored, or run the real pip.

The language host runs `python -m pip list` before each program. pip needs half of the processor
time of a command for it, and the list does not change while tests run.
"""

import json
import os
import runpy
import sys
from pathlib import Path

stored = json.loads(Path(os.environ["LISTED_PACKAGES"]).read_text())
if sys.argv[1:] == stored["arguments"] and sys.prefix == stored["prefix"]:
    sys.stdout.write(stored["output"])
else:
    sys.path.remove(os.environ["PYTHONPATH"])
    for name in ("pip", "pip.__main__"):
        sys.modules.pop(name, None)
    runpy.run_module("pip", run_name="__main__", alter_sys=True)
