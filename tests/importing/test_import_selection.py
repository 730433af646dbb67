"""Which runners an import selects."""

from __future__ import annotations

import pytest

from kubiya_pulumi.importing.errors import ImportRefusedError
from kubiya_pulumi.importing.selection import select

NAMES = ["us-1", "eu-2", "eu-1", "odd[1]"]


@pytest.mark.parametrize(
    ("wanted", "selected"),
    [
        ([], ["eu-1", "eu-2", "odd[1]", "us-1"]),
        (["us-1"], ["us-1"]),
        (["eu-*"], ["eu-1", "eu-2"]),
        (["?u-1", "eu-1"], ["eu-1"]),
        (["*", "us-1"], ["eu-1", "eu-2", "odd[1]", "us-1"]),
        (["[eu]*-1"], ["eu-1", "us-1"]),
        (["odd[1]"], ["odd[1]"]),
    ],
)
def test_names_and_patterns_select_runners(wanted: list[str], selected: list[str]) -> None:
    assert select(NAMES, wanted, "here") == selected


@pytest.mark.parametrize(
    ("names", "wanted", "problem"),
    [
        (NAMES, ["us-1", "EU-1"], 'the runner "EU-1" does not exist here'),
        (NAMES, ["a", "b"], 'the runners "a", "b" do not exist here'),
        (NAMES, ["eu-*", "x*"], 'no runner here matches "x*"'),
        ([], [], "there are no runners here"),
        ([], ["a"], 'the runner "a" does not exist here'),
    ],
)
def test_a_wanted_runner_that_is_missing_is_refused(
    names: list[str], wanted: list[str], problem: str
) -> None:
    with pytest.raises(ImportRefusedError) as refused:
        select(names, wanted, "here")
    assert str(refused.value).startswith(problem)
