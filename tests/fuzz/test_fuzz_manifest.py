"""Any text is reviewed as a manifest or rejected with a sentence, in limited memory and time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.manifest_review import reviewed
from tests.fuzz.manifest_tokens import KEYS, KINDS, TOKENS, dictionary
from tests.fuzz.strategies import ANY_TEXT, STATE_SCALARS, json_values
from tests.harness.chaos import SEED, at_random, size

pytestmark = pytest.mark.slow

Record = Callable[[str, object], None]

ROOT = Path(__file__).parents[2]
SEEDS = Path(__file__).parent / "manifests"

MAX_INPUT_BYTES = 4096
MAX_SECONDS_PER_INPUT = 10

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: "
JOINED = st.lists(st.sampled_from(TOKENS)).map("".join)
VALUES = json_values(KEYS, scalars=st.one_of(STATE_SCALARS, st.sampled_from(TOKENS)))
METADATA = st.fixed_dictionaries(
    {"name": st.just("a")}, optional={"namespace": VALUES, "labels": VALUES, "annotations": VALUES}
)
OBJECTS = st.builds(
    lambda version, kind, metadata, fields: {
        **fields,
        "apiVersion": version,
        "kind": kind,
        "metadata": metadata,
    },
    st.sampled_from(["v1", "apps/v1", "batch/v1", "rbac.authorization.k8s.io/v1"]),
    st.sampled_from(KINDS),
    METADATA,
    st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6),
)


def test_any_text_is_reviewed_or_rejected(record_property: Record) -> None:
    outcomes = Counter[str]()

    @at_random(size(300, per_run=200))
    @given(text=st.one_of(ANY_TEXT, JOINED, JOINED.map(lambda joined: f"{POD}{joined}")))
    def check(text: str) -> None:
        outcomes["reviewed" if reviewed(text) else "rejected"] += 1

    check()
    assert outcomes["rejected"]
    assert outcomes["reviewed"]
    record_property("counts", dict(outcomes))


def test_any_objects_are_reviewed(record_property: Record) -> None:
    outcomes = Counter[str]()

    @at_random(size(100, per_run=100))
    @given(objects=st.lists(OBJECTS, min_size=1, max_size=3))
    def check(objects: list[dict[str, Any]]) -> None:
        outcomes["reviewed" if reviewed(yaml.safe_dump_all(objects)) else "rejected"] += 1

    check()
    assert outcomes["reviewed"]
    record_property("counts", dict(outcomes))


def test_coverage_guided_bytes_are_reviewed_or_rejected(
    tmp_path: Path, record_property: Record
) -> None:
    pytest.importorskip("atheris", reason="atheris is not available for this Python or platform")
    new_inputs, tokens = tmp_path / "inputs", tmp_path / "tokens"
    new_inputs.mkdir()
    tokens.write_text(dictionary())
    runs = size(2_000, per_run=2_000)
    options = {
        "runs": runs,
        "seed": SEED or 1,  # libFuzzer replaces 0 by a random seed.
        "dict": tokens,
        "max_len": MAX_INPUT_BYTES,
        "timeout": MAX_SECONDS_PER_INPUT,
        "artifact_prefix": f"{tmp_path}/",
    }
    fuzzer = subprocess.run(
        [
            *(sys.executable, "-m", "tests.fuzz.manifest_target", new_inputs, SEEDS),
            *(f"-{name}={value}" for name, value in options.items()),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        timeout=60 + runs / 10,
    )
    log = fuzzer.stderr
    inputs = [repr(file.read_bytes()) for file in tmp_path.glob("*-*")]
    assert fuzzer.returncode == 0, f"{inputs}\n{log[-6000:]}"
    [executed] = re.findall(r"^Done (\d+) runs", log, re.MULTILINE)
    branches = re.findall(r"cov: (\d+)", log)
    record_property("counts", {"runs": int(executed), "branches": int(branches[-1])})
    assert int(executed) >= runs
