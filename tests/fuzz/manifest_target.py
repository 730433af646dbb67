"""Coverage-guided fuzzing of the manifest parser and the review with any bytes.

    python -m tests.fuzz.manifest_target NEW_INPUTS tests/fuzz/manifests -runs=1000

The options are libFuzzer's. An input whose result is neither a review nor a sentence, or that
needs more than MAX_MEGABYTES, ends the program and is written to a file.
"""

from __future__ import annotations

import resource
import sys

import atheris

# Only modules that are first imported here are instrumented.
with atheris.instrument_imports(include=["yaml", "kubiya_pulumi.review"]):
    from tests.fuzz.manifest_review import reviewed

MAX_MEGABYTES = 1024


def fuzz(data: bytes) -> None:
    """Parse and review an input."""
    reviewed(data.decode(errors="replace"))


if __name__ == "__main__":
    # libFuzzer's own limit reads ru_maxrss, which execve takes over from the parent process.
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEGABYTES << 20, MAX_MEGABYTES << 20))
    atheris.Setup([*sys.argv, "-rss_limit_mb=0"], fuzz)
    atheris.Fuzz()
