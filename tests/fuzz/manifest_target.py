"""Coverage-guided fuzzing of the manifest parser and the review with any bytes.

    python -m tests.fuzz.manifest_target NEW_INPUTS tests/fuzz/manifests -runs=1000

The options are libFuzzer's. An input whose result is neither a review nor a sentence ends the
program and is written to a file.
"""

from __future__ import annotations

import sys

import atheris

# Only modules that are first imported here are instrumented.
with atheris.instrument_imports(include=["yaml", "kubiya_pulumi.review"]):
    from tests.fuzz.manifest_review import reviewed


def fuzz(data: bytes) -> None:
    """Parse and review an input."""
    reviewed(data.decode(errors="replace"))


if __name__ == "__main__":
    atheris.Setup(sys.argv, fuzz)
    atheris.Fuzz()
