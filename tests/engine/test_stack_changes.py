"""State and service agree after renames, moves, swapped names, new settings and user options."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.engine import walk_steps
from tests.engine.conftest import MakeStack
from tests.engine.walk import Walk
from tests.harness import chaos

pytestmark = pytest.mark.engine

SHORT = (
    walk_steps.rename_with_alias,
    walk_steps.swap_names,
    walk_steps.move_without_alias,
    walk_steps.target_one_of_two_changes,
    walk_steps.lend_to_another_stack,
)
"""The steps of `make test`. tests/engine/test_kept_runners.py has the others, each on its own."""
LENGTH = 8
"""The number of steps of a random walk."""


@pytest.mark.parametrize("number", range(chaos.COUNT or 1))
def test_a_walk_through_changes_of_a_stack(
    emulator: Emulator,
    stack: MakeStack,
    number: int,
    record_property: Callable[[str, object], None],
) -> None:
    choose = random.Random(f"{chaos.SEED} {number}")
    steps = choose.choices(walk_steps.STEPS, k=LENGTH) if chaos.COUNT else SHORT
    emulator.configure(owner_fields=("echoed", "dropped")[number % 2])
    dev = stack("", config={"kubiya:timeoutSeconds": "2"})
    with Emulator() as elsewhere:
        walk = Walk(dev, emulator, elsewhere, choose)
        try:
            walk.run(steps)
        finally:
            record_property("counts", dict(walk.counts))
