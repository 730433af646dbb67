"""Lists have the same form in the repository and on the docs site."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.harness.markdown import PAGES
from tests.harness.toolchain import ROOT

_CODE_BLOCK = re.compile(r"^ *(`{3,}).*?^ *\1$", re.MULTILINE | re.DOTALL)
_ITEM_OF_TOO_FEW_SPACES = re.compile(r"^ {1,3}(?:[-*]|\d+\.) .*", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_an_inner_list_is_indented_by_four_spaces(page: Path) -> None:
    # With fewer spaces, the parser of the site makes its items those of the outer list.
    text = _CODE_BLOCK.sub("", page.read_text("utf-8"))
    assert _ITEM_OF_TOO_FEW_SPACES.findall(text) == []
