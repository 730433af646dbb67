"""Any bytes through the manifest reader and the review, guided by the branches that they take.

    python -m tests.fuzz.manifest_target NEW_INPUTS tests/fuzz/manifests -runs=1000

The options are libFuzzer's. An input that leads to anything but a review or a sentence ends the
program, and is left in a file.
"""

from __future__ import annotations

import sys

import atheris

# Only what is first imported here is instrumented.
with atheris.instrument_imports(include=["yaml", "kubiya_pulumi.review"]):
    from tests.fuzz.manifest_review import reviewed


def read(data: bytes) -> None:
    """Read and review one input."""
    reviewed(data.decode(errors="replace"))


if __name__ == "__main__":
    atheris.Setup(sys.argv, read)
    atheris.Fuzz()
